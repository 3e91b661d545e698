/** Python that runs inside a notebook and looks for what it must not find. Each prints one line of JSON. */

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** How an attempt to connect ended: `open`, or why not. */
export type Reached = Readonly<Record<string, string>>;

/** Tries to connect to each target, 128 at a time, 2 s each. */
export function connectTo(targets: readonly Target[]): string {
  return `
import concurrent.futures, errno, json, socket
def attempt(target):
    try:
        found = socket.getaddrinfo(target["host"], target["port"], type=socket.SOCK_STREAM)
    except OSError as error:
        return "no such host"
    for family, kind, protocol, _, address in found[:1]:
        with socket.socket(family, kind, protocol) as one:
            one.settimeout(2)
            try:
                one.connect(address)
                return "open"
            except TimeoutError:
                return "timed out"
            except OSError as error:
                return errno.errorcode.get(error.errno, str(error))
targets = json.loads(${python(targets)})
with concurrent.futures.ThreadPoolExecutor(128) as pool:
    results = list(pool.map(attempt, targets))
print(json.dumps({f'{t["host"]} {t["port"]}': r for t, r in zip(targets, results)}))
`;
}

/** Listens, on all addresses, for TCP and UDP; what comes by UDP is kept in `received`. */
export function listenOn(tcp: number, udp: number): string {
  return `
import json, socket, threading
def listener(kind, port):
    try:
        one = socket.socket(socket.AF_INET6, kind)
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        one.bind(("::", port))
    except OSError:
        one = socket.socket(socket.AF_INET, kind)
        one.bind(("0.0.0.0", port))
    return one
received = []
stream, datagrams = listener(socket.SOCK_STREAM, ${tcp}), listener(socket.SOCK_DGRAM, ${udp})
stream.listen(64)
def accept():
    while True:
        stream.accept()[0].close()
def receive():
    while True:
        received.append(datagrams.recv(100).decode())
for work in (accept, receive):
    threading.Thread(target=work, daemon=True).start()
print(json.dumps(True))
`;
}

export const receivedDatagrams = `
import json, time
time.sleep(0.5)
print(json.dumps(received))
`;

export function sendDatagram(host: string, port: number, word: string): string {
  return `
import json, socket
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    sender.sendto(${python(word)}.encode(), (${python(host)}, ${port}))
except OSError:
    pass
print(json.dumps(True))
`;
}

/** What a service with TLS answers to `GET /healthz` at each target: the first line, or why there is none. */
export function askByTls(targets: readonly Target[]): string {
  return `
import json, socket, ssl
context = ssl._create_unverified_context()
def ask(target):
    try:
        with socket.create_connection((target["host"], target["port"]), 5) as plain:
            with context.wrap_socket(plain) as secure:
                secure.sendall(b"GET /healthz HTTP/1.0\\r\\n\\r\\n")
                return secure.recv(100).decode().splitlines()[0]
    except (OSError, IndexError) as error:
        return type(error).__name__
targets = json.loads(${python(targets)})
print(json.dumps({f'{t["host"]} {t["port"]}': ask(t) for t in targets}))
`;
}

/** What Docker's name service says of each address. */
export function namesOf(addresses: readonly string[]): string {
  return `
import json, socket
def name(address):
    try:
        return socket.gethostbyaddr(address)[0]
    except OSError:
        return None
print(json.dumps([name(one) for one in json.loads(${python(addresses)})]))
`;
}

/** Its addresses: `["fe80::1%eth0", ...]`, all but loopback. */
export const ownIpv6Addresses = `
import json, socket
found = []
try:
    for line in open("/proc/net/if_inet6"):
        address, _, _, _, _, device = line.split()
        if device != "lo":
            found.append(socket.inet_ntop(socket.AF_INET6, bytes.fromhex(address)) + "%" + device)
except FileNotFoundError:
    pass
print(json.dumps(found))
`;

/** Paths, over the whole file system, of unix sockets and of files whose names are like Berth's, the hub's or Docker's secrets. */
export const secretFiles = `
import json, os, re, stat
name = re.compile(r"(docker|containerd|hub)\\.sock|\\.token|label\\.key|berth\\.(db|yaml)|jupyterhub(_config\\.py|\\.sqlite)|cookie_secret")
found = []
for folder, folders, files in os.walk("/", followlinks=False):
    folders[:] = [one for one in folders if os.path.join(folder, one) not in ("/proc", "/sys", "/dev")]
    for one in files + folders:
        path = os.path.join(folder, one)
        try:
            is_socket = stat.S_ISSOCK(os.lstat(path).st_mode)
        except OSError:
            continue
        if is_socket or name.fullmatch(one) or name.search(one) and not path.startswith(("/opt/", "/usr/")):
            found.append(path)
        if path in ("/run/berth", "/var/run/berth", "/var/lib/berth", "/var/lib/docker"):
            found.append(path)
print(json.dumps(sorted(found)))
`;

/** Environment of the kernel and of each process that may be read, put together. */
export const environments = `
import glob, json, os
found = dict(os.environ)
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        entries = open(path, "rb").read().split(b"\\0")
    except OSError:
        continue
    for entry in entries:
        key, _, value = entry.decode(errors="replace").partition("=")
        if key:
            found.setdefault(key, value)
print(json.dumps(found))
`;

export const mountPoints = `
import json
print(json.dumps([line.split()[4] for line in open("/proc/self/mountinfo")]))
`;

/** What a process tries to become more than it is; each ends in the name of its error, or `allowed`. */
export const escapes = `
import ctypes, errno, json, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(work):
    try:
        return "allowed" if work() in (None, 0) else errno.errorcode[ctypes.get_errno()]
    except OSError as error:
        return errno.errorcode[error.errno]
def packets():
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()
def raw():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
def write(path):
    with open(path, "w") as file:
        file.write("1")
print(json.dumps({
    "setuid 0": call(lambda: os.setuid(0)),
    "packet socket": call(packets),
    "raw socket": call(raw),
    "mount": call(lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
    "user namespace": call(lambda: libc.unshare(0x10000000)),
    "device": call(lambda: os.mknod("/tmp/device", 0o60600, os.makedev(8, 0))),
    "chroot": call(lambda: os.chroot("/tmp")),
    "host name": call(lambda: libc.sethostname(b"x", 1)),
    "kernel setting": call(lambda: write("/proc/sys/kernel/core_pattern")),
    "sysrq": call(lambda: write("/proc/sysrq-trigger")),
}))
`;

/** What the kernel says of the process itself. */
export const ownStatus = `
import json, os, resource, stat
status = dict(line.rstrip().split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
def is_device(mode):
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode)
def first(*paths):
    for path in paths:
        try:
            return open(path).read().strip()
        except OSError:
            continue
print(json.dumps({
    "uid": os.getuid(),
    "capabilities": [status[key] for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "noNewPrivileges": status["NoNewPrivs"],
    "seccomp": status["Seccomp"],
    "openFiles": resource.getrlimit(resource.RLIMIT_NOFILE),
    "firstProcess": open("/proc/1/cmdline").read().split("\\0")[0],
    "pids": first("/sys/fs/cgroup/pids/pids.max", "/sys/fs/cgroup/pids.max"),
    "memory": first("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"),
    "devices": sorted(one for one in os.listdir("/dev") if is_device(os.lstat("/dev/" + one).st_mode)),
}))
`;

/** A Python literal: a JSON string of ASCII is one. */
function python(value: unknown): string {
  const json = typeof value === 'string' ? value : JSON.stringify(value);
  return JSON.stringify(json).replace(
    /[^\x20-\x7e]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
