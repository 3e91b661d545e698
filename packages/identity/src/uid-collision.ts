/** Two people on one uid would read each other's files. PBIS's mapping is a hash, so that does happen. */
import { IdentityError } from './errors.ts';
import { foldName } from './fold.ts';
import { shown } from './shown.ts';

export interface UidClaim {
  readonly uid: number;
  readonly name: string;
  /** Absent for an account that was found on the host alone. */
  readonly sid?: string;
  /** In the host's own files. */
  readonly local?: boolean;
}

/**
 * The known account with which the candidate would share its uid. By SID where both have one (a renamed account is the same one),
 * by name where not; a local account never is the same as one with a SID.
 */
export function findUidCollision(candidate: UidClaim, known: Iterable<UidClaim>): UidClaim | undefined {
  for (const other of known) {
    if (other.uid === candidate.uid && !isSame(candidate, other)) return other;
  }
  return undefined;
}

/** @throws IdentityError `uid-collision` */
export function refuseUidCollision(candidate: UidClaim, known: Iterable<UidClaim>): void {
  const other = findUidCollision(candidate, known);
  if (other === undefined) return;
  const holder = other.local === true ? `the local account ${shown(other.name)}` : shown(other.name);
  throw new IdentityError(
    'uid-collision',
    `The uid ${candidate.uid} of ${shown(candidate.name)} is that of ${holder} too. Right would be a uid of its own: another id mapping, or uidNumber in the directory.`,
  );
}

function isSame(a: UidClaim, b: UidClaim): boolean {
  if (a.sid !== undefined && b.sid !== undefined) return a.sid.toUpperCase() === b.sid.toUpperCase();
  if ((a.sid !== undefined && b.local === true) || (b.sid !== undefined && a.local === true)) return false;
  return foldName(a.name) === foldName(b.name);
}
