/** Whether wrong passwords are stopped here before the directory locks the account. */
import type { AdAuthenticator } from '@berth/ad-authenticator';
import type { Configuration } from '../configuration/index.ts';
import type { Finding } from '../doctor/doctor.ts';

type Throttle = NonNullable<Configuration['login']>['throttle'];

/** Says nothing where the directory can't be asked: that is a finding of its own already. */
export async function* checkLockout(
  authenticator: Pick<AdAuthenticator, 'lockoutPolicy'>,
  { attempts, window }: Throttle,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const policy = await authenticator.lockoutPolicy(signal).catch(() => null);
  if (policy === null) return;
  if (policy === undefined) {
    yield { part: 'directory', level: 'ok', finding: 'The domain locks no account for wrong passwords.' };
    return;
  }
  const { wrongPasswords, windowSeconds } = policy;
  const locks = `The domain locks an account after ${wrongPasswords} wrong passwords within ${Math.ceil(windowSeconds / 60)} minutes`;
  if (attempts >= wrongPasswords)
    yield {
      part: 'directory',
      level: 'warning',
      finding: `${locks}, and Berth lets ${attempts} through: anybody can lock an account from the login page.`,
      mend: `Set login.throttle.attempts to ${Math.max(1, wrongPasswords - 1)} or less.`,
    };
  else if (window < windowSeconds)
    yield {
      part: 'directory',
      level: 'warning',
      finding: `${locks}, but Berth counts anew after ${Math.ceil(window / 60)} minutes.`,
      mend: `Set login.throttle.window to ${Math.ceil(windowSeconds / 60)}m or more.`,
    };
  else yield { part: 'directory', level: 'ok', finding: `${locks}; Berth stops at ${attempts}.` };
}
