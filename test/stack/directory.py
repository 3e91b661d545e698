"""Accounts of a Samba AD DC, written straight into its database: JSON lines in, JSON lines out.

Started once per directory with the path of its smb.conf, as each samba-tool call costs a second. Runs on the
distribution's own Python, which has Samba's modules.
"""

import base64
import json
import sys

import ldb
from samba import enable_net_export_keytab
from samba.auth import system_session
from samba.dcerpc import security
from samba.dsdb import GTYPE_SECURITY_GLOBAL_GROUP
from samba.ndr import ndr_unpack
from samba.net import Net
from samba.param import LoadParm
from samba.samdb import SamDB

enable_net_export_keytab()
conf = LoadParm()
conf.load(sys.argv[1])
db = SamDB(url=conf.private_path("sam.ldb"), session_info=system_session(), lp=conf)


def raw(value):
    """A value comes as text, or as {"base64": ...} where it isn't text."""
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else str(value)


def clear(password):
    return password.encode("utf-16-le")


def found(name, attributes=("objectSid",)):
    """An entry by its account name, its DN or its SID; a trailing `$` is part of an account name."""
    if name.startswith("S-1-"):
        return db.search(f"<SID={name}>", ldb.SCOPE_BASE, attrs=list(attributes))[0]
    if "=" in name and "DC=" in name:
        return db.search(name, ldb.SCOPE_BASE, attrs=list(attributes))[0]
    filter = f"(sAMAccountName={ldb.binary_encode(name)})"
    entries = db.search(db.domain_dn(), ldb.SCOPE_SUBTREE, filter, list(attributes))
    if len(entries) != 1:
        raise LookupError(f"{len(entries)} accounts are named {name}")
    return entries[0]


def described(entry):
    sid = entry.get("objectSid")
    return {"dn": str(entry.dn), "sid": str(ndr_unpack(security.dom_sid, sid[0])) if sid else None}


def add(kind, name, account, under, attributes):
    dn = ldb.Dn(db, under or "CN=Users")
    if not under or not under.endswith(db.domain_dn()):
        dn.add_base(ldb.Dn(db, db.domain_dn()))
    dn.add_child("CN=x")
    dn.set_component(0, "OU" if kind == "organizationalUnit" else "CN", name)
    message = {"dn": dn, "objectClass": kind}
    if account is not None:
        message["sAMAccountName"] = account
    for attribute, values in attributes.items():
        message[attribute] = [raw(value) for value in values]
    db.add(message)
    return described(found(str(dn)))


def user(name, password, under=None, attributes=None):
    own = {"clearTextPassword": [{"base64": base64.b64encode(clear(password)).decode()}], "userAccountControl": [512]}
    return add("user", name, name, under, {**own, **(attributes or {})})


def group(name, account=None, under=None, attributes=None):
    own = {"groupType": [GTYPE_SECURITY_GLOBAL_GROUP]}
    return add("group", name, account or name, under, {**own, **(attributes or {})})


def unit(name, under=None):
    return add("organizationalUnit", name, None, under or db.domain_dn(), {})


def change(dn, attributes, flag=ldb.FLAG_MOD_REPLACE):
    message = ldb.Message(dn)
    for attribute, values in attributes.items():
        message[attribute] = ldb.MessageElement([raw(value) for value in values], flag, attribute)
    db.modify(message)


def members(name, add=(), remove=()):
    dn = found(name).dn
    for names, flag in ((add, ldb.FLAG_MOD_ADD), (remove, ldb.FLAG_MOD_DELETE)):
        if names:
            change(dn, {"member": [str(found(one).dn) for one in names]}, flag)


def modify(name, attributes):
    change(found(name).dn, attributes)


def extend(name, attributes):
    change(found(name).dn, attributes, ldb.FLAG_MOD_ADD)


def password(name, password):
    change(found(name).dn, {"clearTextPassword": [{"base64": base64.b64encode(clear(password)).decode()}]})


def rename(name, to):
    dn = found(name).dn
    fresh = ldb.Dn(db, str(dn))
    fresh.set_component(0, "CN", to)
    db.rename(dn, fresh)
    change(fresh, {"sAMAccountName": [to]})


def delete(name):
    db.delete(found(name).dn)


def look(name, attributes=()):
    entry = found(name, ("objectSid", *attributes))
    values = {key: [base64.b64encode(bytes(one)).decode() for one in entry.get(key, [])] for key in attributes}
    return {**described(entry), "values": values}


def domain(attributes):
    change(ldb.Dn(db, db.domain_dn()), attributes)


def keytab(principal, file):
    Net(None, conf).export_keytab(keytab=file, principal=principal)


operations = {
    each.__name__: each
    for each in (user, group, unit, members, modify, extend, password, rename, delete, look, domain, keytab)
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"result": operations[request["operation"]](**request["arguments"])}
    except Exception as error:
        answer = {"error": f"{request['operation']}: {error}"}
    print(json.dumps({"id": request["id"], **answer}), flush=True)
