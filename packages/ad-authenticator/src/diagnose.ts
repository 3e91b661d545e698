/** Tries each part of the directory, for `doctor`. */
import { foldName } from '@berth/identity';
import { accountAttributes, accountFacts } from './account.ts';
import { type DirectoryFinding, DirectoryError, LoginRefused } from './ad-authenticator.ts';
import type { LdapConnection } from './ldap-connection.ts';
import { LdapFault } from './ldap-fault.ts';
import type { LoginParts } from './login.ts';
import { isUser } from './ldap-filter.ts';
import type { ServerAddress } from './server-address.ts';
import { directoryError } from './outcome.ts';

const day = 86_400_000;
/** When a certificate's end is near. */
const certificateDays = 21;
/** Kerberos refuses at 5 minutes. */
const clockWarningSeconds = 120;
const clockErrorSeconds = 300;

export async function* diagnose(parts: LoginParts, signal: AbortSignal): AsyncIterable<DirectoryFinding> {
  let servers: readonly ServerAddress[];
  try {
    servers = await parts.directory.servers.inOrder();
  } catch (error) {
    return yield failed('directory', error);
  }
  let reachable: ServerAddress | undefined;
  for (const server of servers) {
    const findings = await examineServer(parts, server, signal);
    if (findings.every(({ part, level }) => part !== 'directory' || level === 'ok')) reachable ??= server;
    yield* findings;
  }
  if (reachable === undefined) return;
  if (parts.directory.service === undefined) {
    yield {
      part: 'service-account',
      level: 'warning',
      finding:
        'there is no service account: accounts can be checked only while they log in, and groups only after a login',
      mend: 'set `serviceAccount`',
    };
    for (const fault of parts.groups.faults()) yield { part: 'groups', level: 'warning', finding: fault };
    return;
  }
  yield* await examineService(parts, signal);
}

async function examineServer(
  { directory, now }: LoginParts,
  server: ServerAddress,
  signal: AbortSignal,
): Promise<readonly DirectoryFinding[]> {
  let connection: LdapConnection;
  try {
    connection = await directory.open(server, signal);
  } catch (error) {
    const part = error instanceof LdapFault && error.kind === 'untrusted' ? 'certificate' : 'directory';
    const missing: DirectoryFinding = { part: 'directory', level: 'error', finding: `${server.url} can't be used` };
    return part === 'directory' ? [failed(part, error)] : [failed(part, error), missing];
  }
  try {
    const asked = now().getTime();
    const root = await connection.read('', ['currentTime'], signal);
    const seconds = (generalizedTime(root?.text('currentTime')) - (asked + now().getTime()) / 2) / 1000;
    return [
      { part: 'directory', level: 'ok', finding: `${server.url} answers over TLS` },
      certificateFinding(server, connection.certificateEnds, now()),
      clockFinding(server, seconds),
    ];
  } catch (error) {
    return [failed('directory', error)];
  } finally {
    connection.close();
  }
}

function certificateFinding(server: ServerAddress, ends: Date, now: Date): DirectoryFinding {
  const days = Math.floor((ends.getTime() - now.getTime()) / day);
  const finding = `the certificate of ${server.url} is trusted and ends in ${days} days`;
  if (days >= certificateDays) return { part: 'certificate', level: 'ok', finding };
  return { part: 'certificate', level: 'warning', finding, mend: 'renew it on the domain controller' };
}

function clockFinding(server: ServerAddress, seconds: number): DirectoryFinding {
  if (Number.isNaN(seconds))
    return { part: 'clock', level: 'warning', finding: `${server.url} does not tell its time` };
  const off = Math.abs(seconds);
  const finding = `the clock of ${server.url} is ${off.toFixed(0)} s ${seconds < 0 ? 'behind' : 'ahead of'} this host's`;
  if (off < clockWarningSeconds) return { part: 'clock', level: 'ok', finding };
  const level = off < clockErrorSeconds ? 'warning' : 'error';
  return { part: 'clock', level, finding, mend: 'let both follow one time server: Kerberos refuses at 5 minutes' };
}

async function examineService(
  { directory, settings, groups }: LoginParts,
  signal: AbortSignal,
): Promise<readonly DirectoryFinding[]> {
  const findings: DirectoryFinding[] = [];
  const name = settings.serviceAccount?.name ?? '';
  try {
    await directory.byService(signal, async (connection, signal) => {
      const names = await directory.names(connection, signal);
      findings.push({ part: 'service-account', level: 'ok', finding: `${name} is bound at ${connection.server.url}` });
      groups.forget();
      await groups.sids(names, connection, signal);
      // Itself it may always read: only another account tells.
      const found = await connection.search(names.namingContext, isUser, ['sAMAccountName'], 2, signal);
      const own = foldName(name.replace(/^.*\\|@.*$/gs, ''));
      const other = found.find((entry) => foldName(entry.text('sAMAccountName') ?? '') !== own && entry.dn !== name);
      const entry = other === undefined ? undefined : await connection.read(other.dn, accountAttributes, signal);
      if (entry !== undefined) accountFacts(entry, names, 'The service account');
      findings.push({ part: 'service-account', level: 'ok', finding: `${name} may read tokenGroups` });
    });
  } catch (error) {
    findings.push(failed('service-account', error));
  }
  for (const fault of groups.faults()) findings.push({ part: 'groups', level: 'warning', finding: fault });
  if (groups.faults().length === 0 && findings.every(({ level }) => level === 'ok'))
    findings.push({ part: 'groups', level: 'ok', finding: 'the directory knows all configured groups' });
  return findings;
}

function failed(part: DirectoryFinding['part'], error: unknown): DirectoryFinding {
  const told = error instanceof LdapFault ? directoryError(error) : error;
  const known = told instanceof DirectoryError || told instanceof LoginRefused;
  return { part, level: 'error', finding: known ? told.message : `could not be tried: ${String(told)}` };
}

/** `20261123200000.0Z` in ms since 1970; NaN for what is none. */
function generalizedTime(text: string | undefined): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(text ?? '');
  if (parts === null) return Number.NaN;
  const [, year, month, date, hours, minutes, seconds] = parts;
  return Date.parse(`${year}-${month}-${date}T${hours}:${minutes}:${seconds}Z`);
}
