/** What `berth doctor` finds about tickets. Each step is bounded by the signal and by kinit's own limit. */
import { constants } from 'node:fs';
import { access, readFile, readdir, statfs } from 'node:fs/promises';
import { checkKeytabFolder, findKeytab } from './keytab.ts';
import type { Kinit } from './kinit.ts';
import { inlineKrb5Conf, libdefault } from './krb5-conf.ts';
import type { KeptTicket, TicketFinding } from './ticket-keeper.ts';
import type { TicketSettings } from './ticket-settings.ts';
import { codeOf } from './wipe.ts';

export interface TicketState {
  readonly tickets: readonly KeptTicket[];
  readonly faults: readonly string[];
  readonly skewSeconds: number | undefined;
  readonly uid: number;
}

const files = {
  read: (path: string): Promise<string> => readFile(path, 'utf8'),
  list: (folder: string): Promise<string[]> => readdir(folder),
};

export async function* diagnoseTickets(
  settings: TicketSettings,
  state: TicketState,
  kinit: Kinit,
  signal: AbortSignal,
): AsyncGenerator<TicketFinding> {
  const { realm, findings } = await krb5Conf(settings.krb5Conf);
  yield* findings;
  const missing = await kinitMissing(settings.kinit);
  if (missing) yield missing;
  else for (const each of realmsOf(realm, state.tickets)) yield await reach(each, settings, kinit, signal);
  yield* clock(state.skewSeconds);
  yield* await keytabs(settings, state.uid);
  yield* tickets(settings, state);
  yield* await runtime(settings.runtime);
}

async function krb5Conf(
  path: string,
): Promise<{ readonly realm: string | undefined; readonly findings: readonly TicketFinding[] }> {
  const part = 'krb5.conf';
  try {
    const realm = await libdefault(await inlineKrb5Conf(await files.read(path), files, path), 'default_realm');
    const finding: TicketFinding = realm
      ? { part, level: 'ok', finding: `${path}: default realm ${realm}` }
      : {
          part,
          level: 'error',
          finding: `${path} names no default_realm`,
          mend: 'Set default_realm in [libdefaults].',
        };
    return { realm, findings: [finding] };
  } catch (error) {
    const finding = codeOf(error) ? `${path} can't be read (${codeOf(error)})` : messageOf(error);
    return {
      realm: undefined,
      findings: [{ part, level: 'error', finding, mend: 'Name a readable file in tickets.krb5Conf.' }],
    };
  }
}

async function kinitMissing(path: string): Promise<TicketFinding | undefined> {
  try {
    await access(path, constants.X_OK);
    return undefined;
  } catch {
    const finding = `${path} isn't there or can't be run`;
    return {
      part: 'kdc',
      level: 'error',
      finding,
      mend: "Install MIT's kinit (Debian: krb5-user, RHEL: krb5-workstation).",
    };
  }
}

/** A probe asks one realm; the realms of users are few. */
function realmsOf(first: string | undefined, kept: readonly KeptTicket[]): readonly string[] {
  const others = kept.map(({ principal }) => principal.slice(principal.lastIndexOf('@') + 1));
  return [...new Set([...(first ? [first] : []), ...others])].slice(0, 5);
}

async function reach(
  realm: string,
  { krb5Conf: path }: TicketSettings,
  kinit: Kinit,
  signal: AbortSignal,
): Promise<TicketFinding> {
  const begun = performance.now();
  try {
    await kinit.probe(realm, signal);
    return {
      part: 'kdc',
      level: 'ok',
      finding: `A KDC of ${realm} answered in ${Math.round(performance.now() - begun)} ms`,
    };
  } catch (error) {
    const finding = signal.aborted
      ? `${realm}: not asked to the end, no time was left`
      : `${realm}: ${messageOf(error)}`;
    return {
      part: 'kdc',
      level: 'error',
      finding,
      mend: `Check the kdc of ${realm} in ${path} and port 88 (TCP and UDP) to it.`,
    };
  }
}

/** Kerberos allows five minutes by default. */
function* clock(skewSeconds: number | undefined): Generator<TicketFinding> {
  if (skewSeconds === undefined || Math.abs(skewSeconds) < 60) return;
  const finding = `At the last login the KDC's clock differed from this host's by ${skewSeconds} s`;
  yield { part: 'kdc', level: 'warning', finding, mend: 'Set both clocks by NTP: from 300 s on, tickets are refused.' };
}

async function keytabs({ sources, keytabFolder }: TicketSettings, uid: number): Promise<readonly TicketFinding[]> {
  if (!sources.includes('keytab') || keytabFolder === undefined) return [];
  const mend = "Keytabs are root's alone: chown root, chmod 600; their folder: chmod 700.";
  try {
    await checkKeytabFolder(keytabFolder, uid);
    const users = (await readdir(keytabFolder)).flatMap((name) =>
      name.endsWith('.keytab') ? [name.slice(0, -7)] : [],
    );
    const findings: TicketFinding[] = [];
    for (const user of users)
      await findKeytab(keytabFolder, user, uid).catch((error) => {
        findings.push({ part: 'keytab', level: 'error', finding: messageOf(error), mend });
      });
    if (findings.length > 5)
      findings.splice(5, Infinity, {
        part: 'keytab',
        level: 'error',
        finding: `${findings.length - 5} more keytabs have such faults`,
      });
    return findings.length > 0
      ? findings
      : [{ part: 'keytab', level: 'ok', finding: `${users.length} keytabs in ${keytabFolder}` }];
  } catch (error) {
    return [{ part: 'keytab', level: 'error', finding: messageOf(error), mend }];
  }
}

function* tickets({ sources }: TicketSettings, state: TicketState): Generator<TicketFinding> {
  for (const finding of state.faults.slice(0, 20)) yield { part: 'ticket', level: 'warning', finding };
  const fixed = state.tickets.filter(({ renewTill, source }) => renewTill === undefined && source !== 'keytab');
  const example = fixed[0];
  if (example)
    yield {
      part: 'ticket',
      level: 'warning',
      finding: `${fixed.length} of ${state.tickets.length} tickets can't be renewed (${example.principal}, ends ${example.endsAt.toISOString()})`,
      mend: 'Let the KDC\'s policy allow it: in Active Directory "Maximum lifetime for user ticket renewal", in MIT\'s KDC max_renewable_life of the realm, krbtgt and principal.',
    };
  else
    yield {
      part: 'ticket',
      level: 'ok',
      finding: `${state.tickets.length} tickets kept; sources: ${sources.join(', ')}`,
    };
}

const TMPFS = 0x0102_1994;
const RAMFS = 0x8584_58f6;

async function runtime(path: string): Promise<readonly TicketFinding[]> {
  const stat = await statfs(path).catch(() => undefined);
  const warning = (finding: string, mend: string): TicketFinding => ({
    part: 'ticket',
    level: 'warning',
    finding,
    mend,
  });
  if (!stat) return [warning(`${path} can't be looked at`, 'It is made when the service starts.')];
  const findings: TicketFinding[] = [];
  if (stat.type !== TMPFS && stat.type !== RAMFS)
    findings.push(
      warning(`${path} isn't on tmpfs: tickets reach a disk and its backups`, 'Use one on tmpfs, as /run is.'),
    );
  if (stat.bavail * stat.bsize < FEW_BYTES || (stat.files > 0 && stat.ffree < FEW_FILES))
    findings.push(
      warning(
        `${path} is nearly full: tickets can't be renewed`,
        `A user may have filled it: du --inodes and du on ${path}/krb5.`,
      ),
    );
  return findings;
}

// A ticket takes some KiB, and two copies of it are written at a time.
const FEW_BYTES = 1 << 20;
const FEW_FILES = 200;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
