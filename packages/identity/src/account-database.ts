/** Lines of passwd(5) and group(5), as values and back. Pure; what is malformed gives `undefined`, never half an entry. */

export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly gecos: string;
  readonly home: string;
  readonly shell: string;
}

export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export function parsePasswdLine(line: string): PasswdEntry | undefined {
  const [name = '', , uidText = '', gidText = '', gecos = '', home = '', shell, ...more] = line.split(':');
  const [uid, gid] = [parseId(uidText), parseId(gidText)];
  if (shell === undefined || more.length > 0 || !isEntryName(name) || hasControl(line)) return undefined;
  return uid === undefined || gid === undefined ? undefined : { name, uid, gid, gecos, home, shell };
}

export function parseGroupLine(line: string): GroupEntry | undefined {
  const [name = '', , gidText = '', members, ...more] = line.split(':');
  const gid = parseId(gidText);
  if (members === undefined || more.length > 0 || !isEntryName(name) || hasControl(line)) return undefined;
  return gid === undefined ? undefined : { name, gid, members: members.split(',').filter((member) => member !== '') };
}

/** The password is `x`: none, and none can be set. */
export function passwdLine({ name, uid, gid, gecos, home, shell }: PasswdEntry): string {
  return [name, 'x', uid, gid, gecos, home, shell].join(':');
}

export function groupLine({ name, gid, members }: GroupEntry): string {
  return [name, 'x', gid, members.join(',')].join(':');
}

/** `+` and `-` at the start ask glibc to fetch entries from elsewhere (nss_compat); `#` is a comment. */
function isEntryName(name: string): boolean {
  return name !== '' && !/^[+#-]/.test(name);
}

/** A uid or gid in decimal, 32 bit unsigned. */
export function parseId(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= 0xffff_ffff ? id : undefined;
}

export function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text) || !text.isWellFormed();
}
