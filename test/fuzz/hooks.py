"""What schemathesis can't know of Berth: the keys that exist, and how a start's key follows from its body.

Only parts that are right by the contract are touched; what was made wrong on purpose stays wrong. BERTH_FUZZ holds, as
JSON, `keys` (of servers that exist) and `hub` (whose token speaks, if a hub's does); with a directory,
`users` (who have logged in) and `password` (of each of them).
"""

import json
import os
from zlib import crc32

import schemathesis
from jupyterhub_berth.keys import server_key
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation

FACTS = json.loads(os.environ["BERTH_FUZZ"])


def is_right(case, location):
    """Whether that part of the request was made to fit the contract; the contract's own examples do."""
    component = case.meta and case.meta.components.get(location)
    return not component or component.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_call(context, case, kwargs):
    use_users(case)
    key = (case.path_parameters or {}).get("key")
    if not isinstance(key, str) or not is_right(case, ParameterLocation.PATH):
        return
    if case.method.upper() != "PUT":
        # Three of four ask for a server that exists.
        choice = crc32(key.encode())
        if choice % 4 != 0:
            case.path_parameters["key"] = FACTS["keys"][choice // 4 % len(FACTS["keys"])]
        return
    body = case.body
    if not is_right(case, ParameterLocation.BODY) or not isinstance(body, dict):
        return
    case.path_parameters["key"] = server_key(FACTS["hub"], body["user"], body["serverName"])
    # A word of chance is no image and no command that is offered: half the starts go without.
    if body["generation"] % 2 == 0:
        for name in ("image", "command"):
            body.pop(name, None)
        body["port"] = 8888
        body["budgetSeconds"] = 60


def use_users(case):
    """Three of four requests about a user are about one who exists; half of the logins are right ones."""
    users = FACTS.get("users")
    if not users:
        return
    name = (case.path_parameters or {}).get("name")
    if isinstance(name, str) and is_right(case, ParameterLocation.PATH):
        choice = crc32(name.encode(errors="replace"))
        # Only the last one is ever forgotten: the others are there for what comes after.
        forgets = case.method.upper() == "DELETE" and case.path == "/v1/users/{name}"
        if choice % 4 != 0:
            case.path_parameters["name"] = users[-1] if forgets else users[choice // 4 % len(users)]
    body = case.body
    if case.path != "/v1/logins" or not is_right(case, ParameterLocation.BODY) or not isinstance(body, dict):
        return
    typed = crc32(body["username"].encode(errors="replace"))
    if typed % 2:
        body["username"] = users[typed // 2 % len(users)]
        body["password"] = FACTS["password"]


@schemathesis.deserializer("text/event-stream")
def events(context, response):
    """The data of each whole event, one JSON value a line."""
    whole = response.content.decode("utf-8").rpartition("\n\n")[0]
    return [json.loads(line[len("data: ") :]) for line in whole.split("\n") if line.startswith("data: ")]
