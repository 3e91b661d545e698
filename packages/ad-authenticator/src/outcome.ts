/** What callers get to see of faults. */
import { DirectoryError, type DirectoryErrorCode } from './ad-authenticator.ts';
import { type LdapFault, type LdapFaultKind, resultCodes } from './ldap-fault.ts';

const codes: Readonly<Record<LdapFaultKind, DirectoryErrorCode>> = {
  network: 'directory-unreachable',
  timeout: 'directory-timeout',
  untrusted: 'directory-untrusted',
  result: 'directory-refused',
};

const advice: ReadonlyMap<number | undefined, string> = new Map([
  [resultCodes.strongerAuthRequired, 'it demands signing even within TLS: allow simple binds over TLS there'],
  [resultCodes.confidentialityRequired, 'it demands TLS: check that nothing ends TLS between here and the server'],
  [resultCodes.referral, 'it does not hold this part of the directory: check `domain` and `baseDn`'],
  [resultCodes.noSuchObject, 'it has no such entry: check `domain` and `baseDn`'],
]);

/** Of a fault that no other server can mend. */
export function directoryError(fault: LdapFault): DirectoryError {
  const hint = advice.get(fault.resultCode);
  const message = hint === undefined ? fault.message : `${fault.message} (result ${fault.resultCode}: ${hint})`;
  return new DirectoryError(codes[fault.kind], message, { cause: fault });
}

/** When every server failed. The most telling fault gives the code: one that can be mended here, above all. */
export function noServer(faults: readonly LdapFault[]): DirectoryError {
  const kinds = new Set(faults.map(({ kind }) => kind));
  const kind = (['untrusted', 'timeout'] as const).find((kind) => kinds.has(kind)) ?? 'network';
  return new DirectoryError(codes[kind], faults.map(({ message }) => message).join('; '), { cause: faults.at(-1) });
}
