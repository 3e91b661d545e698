/**
 * The version of Docker's API that calls are pinned to.
 *
 * Docker 20.10 speaks up to 1.41, 28 up to 1.51; 29 refuses what is older than 1.44 (moby, api/docs/CHANGELOG.md).
 */
import { EngineError } from '@berth/spawner';

/** `1.41`. */
export type ApiVersion = `${number}.${number}`;

/** What Berth speaks: from Docker 20.10 on, up to what it was tested with. */
export const OLDEST_API: ApiVersion = '1.41';
export const NEWEST_API: ApiVersion = '1.52';

/** Undefined where it isn't a version. */
export function parseApiVersion(text: unknown): ApiVersion | undefined {
  return typeof text === 'string' && /^\d{1,3}\.\d{1,3}$/.test(text) ? (text as ApiVersion) : undefined;
}

/** Negative where `a` is older than `b`, 0 where they are the same. Numbers, not text: 1.9 is older than 1.41. */
export function compareApiVersions(a: ApiVersion, b: ApiVersion): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}

/**
 * The newest version that both speak. `minimum` is the oldest that the daemon accepts, where it is known.
 * @throws EngineError `refused` where there is none; it says which of the two is too old.
 */
export function chooseApiVersion(daemon: ApiVersion, minimum: ApiVersion | undefined): ApiVersion {
  if (compareApiVersions(daemon, OLDEST_API) < 0)
    throw new EngineError(
      'refused',
      `this Docker Engine is too old: it speaks API ${daemon}, Berth needs ${OLDEST_API} (Docker 20.10) or newer`,
    );
  if (minimum !== undefined && compareApiVersions(minimum, NEWEST_API) > 0)
    throw new EngineError(
      'refused',
      `this Docker Engine is too new for this Berth: it accepts API ${minimum} or newer, Berth speaks up to ` +
        `${NEWEST_API}; update Berth, or set "min-api-version": "${NEWEST_API}" in Docker's daemon.json`,
    );
  return compareApiVersions(daemon, NEWEST_API) < 0 ? daemon : NEWEST_API;
}
