/** Python that runs inside the notebook of a directory's user. Each prints one line of JSON. */

/** Who the kernel is, to the system and by name. */
export const whoAmI = `
import grp, json, os, pwd, subprocess
status = dict(line.rstrip().split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
print(json.dumps({
    "uid": os.getresuid(),
    "gid": os.getresgid(),
    "groups": sorted(os.getgroups()),
    "name": pwd.getpwuid(os.getuid()).pw_name,
    "home": [os.path.expanduser("~"), os.environ["HOME"], pwd.getpwuid(os.getuid()).pw_dir],
    "capabilities": [status[key] for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "noNewPrivileges": status["NoNewPrivs"],
    "accounts": [one.pw_name for one in pwd.getpwall()],
    "groupNames": [one.gr_name for one in grp.getgrall()],
}))
`;

/** What becomes of each command that would run `id -u` as root, and of each setuid program of the image. */
export const becomeRoot = `
import ctypes, json, os, stat, subprocess
commands = [["su", "-c", "id -u"], ["su", "root", "-c", "id -u"], ["sudo", "-n", "id", "-u"], ["pkexec", "id", "-u"],
    ["doas", "-n", "id", "-u"], ["runuser", "-u", "root", "id"], ["setpriv", "--reuid", "0", "id", "-u"],
    ["unshare", "-Ur", "id", "-u"], ["newgrp", "docker"], ["sg", "docker", "id"]]
said = {}
for command in commands:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        said[" ".join(command)] = done.stdout.strip() if done.returncode == 0 else "refused"
    except FileNotFoundError:
        said[" ".join(command)] = "absent"
setuid = []
for folder, folders, files in os.walk("/usr"):
    for one in files:
        path = os.path.join(folder, one)
        if os.lstat(path).st_mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISREG(os.lstat(path).st_mode):
            setuid.append(path)
print(json.dumps({"said": said, "setuid": setuid}))
`;

/** Mounts beside those that every container has: `[path, "ro" or "rw"]`. */
export const ownMounts = `
import json
found = []
for line in open("/proc/self/mountinfo"):
    fields = line.split()
    path, options = fields[4], fields[5].split(",")
    docker = ("/", "/etc/resolv.conf", "/etc/hostname", "/etc/hosts", "/sbin/docker-init", "/usr/sbin/docker-init")
    if path in docker or path.split("/")[1] in ("proc", "sys", "dev"):
        continue
    found.append([path, "ro" if "ro" in options else "rw"])
print(json.dumps(sorted(found)))
`;

/** Which of these paths can be listed or read, and which cache-like files there are at all. */
export function readable(paths: readonly string[]): string {
  return `
import json, os
read = []
for path in json.loads(${literal(paths)}):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
        read.append(path)
    except OSError:
        pass
caches = []
for folder, folders, files in os.walk("/", followlinks=False):
    folders[:] = [one for one in folders if os.path.join(folder, one) not in ("/proc", "/sys", "/dev", "/usr", "/opt")]
    caches += [os.path.join(folder, one) for one in files if "krb5cc" in one or one in ("owner.json", ".staging")]
print(json.dumps({"read": read, "caches": sorted(caches)}))
`;
}

/** Each way to change a file that is mounted read-only; each ends in the name of its error, or `allowed`. */
export function changes(path: string): string {
  return `
import errno, json, os
path = json.loads(${literal(path)})
def tried(work):
    try:
        work()
        return "allowed"
    except OSError as error:
        return errno.errorcode[error.errno]
print(json.dumps({
    "write": tried(lambda: open(path, "w")),
    "append": tried(lambda: open(path, "a")),
    "remove": tried(lambda: os.unlink(path)),
    "rename": tried(lambda: os.rename(path, path + ".old")),
    "replace": tried(lambda: (open("/tmp/mine", "w").close(), os.replace("/tmp/mine", path))),
    "chmod": tried(lambda: os.chmod(path, 0o666)),
    "chown": tried(lambda: os.chown(path, os.getuid(), os.getgid())),
    "link": tried(lambda: os.link(path, "/tmp/linked")),
}))
`;
}

/** Each way to put something else in the place of one's home. */
export const replaceHome = `
import errno, json, os
home = os.environ["HOME"]
parent = os.path.dirname(home)
def tried(work):
    try:
        work()
        return "allowed"
    except OSError as error:
        return errno.errorcode[error.errno]
print(json.dumps({
    "rename": tried(lambda: os.rename(home, home + ".old")),
    "remove": tried(lambda: os.rmdir(home)),
    "link beside it": tried(lambda: os.symlink("/etc", os.path.join(parent, "link"))),
    "replace": tried(lambda: (os.symlink("/etc", os.path.join(home, "link")), os.replace(os.path.join(home, "link"), home))),
}))
`;

/** Runs a shell line in the folder of the ticket; prints its exit code. */
export function inTicketFolder(line: string): string {
  return `
import json, subprocess
print(json.dumps(subprocess.run(["sh", "-c", json.loads(${literal(line)})], cwd="/run/berth/krb5", capture_output=True).returncode))
`;
}

/** Puts these bytes in the place of the ticket. */
export function plantTicket(bytes: Uint8Array): string {
  return `
import base64, json, os
open("/run/berth/krb5/planted", "wb").write(base64.b64decode("${Buffer.from(bytes).toString('base64')}"))
os.replace("/run/berth/krb5/planted", "/run/berth/krb5/krb5cc")
print(json.dumps(0))
`;
}

/** A Python literal that holds JSON; paths and shell lines here are of ASCII. */
function literal(value: unknown): string {
  return JSON.stringify(JSON.stringify(value));
}
