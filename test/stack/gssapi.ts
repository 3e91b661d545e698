/**
 * What a person runs in a notebook cell to see whether the ticket works: Python that asks an LDAP server, by GSSAPI and
 * without a password, whom it sees. For the image of kerberos-image.ts, with KRB5CCNAME and /etc/krb5.conf alone.
 *
 * Each cell prints one line: who, as the server sees it, or `refused: ` and why. What it runs, by hand:
 *
 *     ldapsearch -Q -N -Y GSSAPI -H ldap://ADDRESS -b '' -s base tokenGroups     the first SID is the user's own
 *     ldapwhoami -Q -N -Y GSSAPI -H ldap://ADDRESS                               slapd; Samba doesn't know this operation
 *
 * ADDRESS must be one for which there is a service principal (`alsoAt` of Directory, `knownAs` of LdapService): -N, and
 * rdns and dns_canonicalize_hostname in krb5.conf, keep it as it is written. GSSAPI signs and seals, so plain `ldap:` will
 * do where passwords demand TLS.
 *
 * Java needs `javax.security.auth.useSubjectCredsOnly=false` and a login configuration with `useTicketCache`. It reads a
 * FILE: cache alone, asks the KDC for a service ticket even where the cache holds one, and gets one of its own each time.
 * There is no compiler in the image: the JVM is steered through py4j, which comes with Spark.
 */

/** MIT's tools against Samba: prints the user's SID. */
export function sidByMit(url: string): string {
  return `${python}
answer = subprocess.run(
    ["ldapsearch", "-LLL", "-Q", "-N", "-Y", "GSSAPI", "-H", ${text(url)}, "-o", "ldif-wrap=no"]
    + ["-b", "", "-s", "base", "tokenGroups"],
    capture_output=True, text=True, timeout=60,
)
first = [line.split(":: ")[1] for line in answer.stdout.splitlines() if line.startswith("tokenGroups:: ")][:1]
print(sid(base64.b64decode(first[0])) if first else "refused: " + " ".join(answer.stderr.split()))
`;
}

/** MIT's tools against slapd: prints `dn:uid=user1,cn=corp.example.test,cn=gssapi,cn=auth`. */
export function whoAmIByMit(url: string): string {
  return `${python}
answer = subprocess.run(
    ["ldapwhoami", "-Q", "-N", "-Y", "GSSAPI", "-H", ${text(url)}], capture_output=True, text=True, timeout=60
)
print(answer.stdout.strip() or "refused: " + " ".join(answer.stderr.split()))
`;
}

/** Java against Samba: prints the user's SID. */
export function sidByJava(url: string): string {
  return `${java(url)}
    first = bytes(context.getAttributes("", names).get("tokenGroups").get(0))
    print(sid(first))
${javaRefused}`;
}

/** Java against slapd: prints `bound`; who that was stands in the service's log. */
export function bindByJava(url: string): string {
  return `${java(url)}
    print("bound")
${javaRefused}`;
}

/** MIT's list of what the cache holds, times and flags and all; or why there is none. */
export function klist(): string {
  return `${python}
answer = subprocess.run(["klist", "-f"], capture_output=True, text=True)
print(answer.stdout + answer.stderr)
`;
}

const python = `import base64, subprocess, tempfile
def sid(raw):
    parts = [int.from_bytes(raw[at:at + 4], "little") for at in range(8, 8 + 4 * raw[1], 4)]
    return "-".join(["S-1", str(int.from_bytes(raw[2:8], "big")), *map(str, parts)])
`;

function java(url: string): string {
  return `${python}
from py4j.java_gateway import JavaGateway
from py4j.protocol import Py4JJavaError
login = tempfile.NamedTemporaryFile("w", suffix=".conf")
login.write("com.sun.security.jgss.initiate { com.sun.security.auth.module.Krb5LoginModule required"
    " useTicketCache=true doNotPrompt=true; };")
login.flush()
options = ["-Djavax.security.auth.useSubjectCredsOnly=false", "-Djava.security.auth.login.config=" + login.name]
exports = ["--add-exports", "java.naming/com.sun.jndi.ldap=ALL-UNNAMED"]
gateway = JavaGateway.launch_gateway(javaopts=options + exports, die_on_exit=True)
settings = gateway.jvm.java.util.Hashtable()
for name, value in {
    "java.naming.factory.initial": "com.sun.jndi.ldap.LdapCtxFactory",
    "java.naming.provider.url": ${text(url)},
    "java.naming.security.authentication": "GSSAPI",
    "javax.security.sasl.qop": "auth-conf",
    "java.naming.ldap.attributes.binary": "tokenGroups",
}.items():
    settings.put(name, value)
names = gateway.new_array(gateway.jvm.java.lang.String, 1)
names[0] = "tokenGroups"
try:
    context = gateway.jvm.javax.naming.directory.InitialDirContext(settings)`;
}

const javaRefused = `except Py4JJavaError as error:
    reasons, cause = [], error.java_exception
    while cause is not None:
        reasons.append(str(cause.toString()))
        cause = cause.getCause()
    print("refused: " + " / ".join(reasons))
finally:
    gateway.shutdown()
`;

/** A Python literal: JSON's is one too. */
function text(value: string): string {
  return JSON.stringify(value);
}
