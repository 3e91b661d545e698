/** Which account of the host a user's servers run as. */
import type { DirectoryAccount } from '@berth/ad-authenticator';
import type { PosixAccount } from '@berth/identity';
import type { Finding } from '../doctor/doctor.ts';

export interface AccountFinder {
  /** Looked up and checked. Rejects with an IdentityError. */
  ofDirectory(found: DirectoryAccount, signal: AbortSignal): Promise<PosixAccount>;
  /** By the host's name service, where no directory is configured. Rejects with an IdentityError. */
  ofHubUser(name: string, signal: AbortSignal): Promise<PosixAccount>;
  /** Whether the name service answers. Never rejects. */
  check(signal: AbortSignal): AsyncIterable<Finding>;
}
