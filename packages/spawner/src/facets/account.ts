import type { Mount } from '../container-spec.ts';
import { SpawnError } from '../errors.ts';
import type { SpawnerSettings } from '../settings.ts';
import type { Facet } from './facet.ts';

/** The user's own account: ids, home, and entries in passwd and group, so that an image that never heard of it knows its name. */
export const accountFacet: Facet = {
  name: 'account',
  compose({ account, request, settings }) {
    if (account === undefined) return { part: {}, reason: "no accounts are configured: the image's user" };
    const { uid, gid, groups, home, homeFolder, passwdFile, groupFile, sockets, name } = account;
    const environment = { HOME: home, USER: name, LOGNAME: name };
    // A home that a hub chose would be one that the account, its passwd entry and its mount don't agree with.
    const asked = Object.keys(environment).filter((key) => Object.hasOwn(request.environment, key));
    if (asked.length > 0)
      throw new SpawnError(
        'environment-not-allowed',
        `The hub may not set ${asked.join(', ')}: the user's account does. Take it out of c.Spawner.environment.`,
      );
    const mounts: Mount[] = [
      { type: 'bind', source: passwdFile, target: '/etc/passwd', readOnly: true },
      { type: 'bind', source: groupFile, target: '/etc/group', readOnly: true },
      ...homeMount(home, homeFolder, settings.containers.volumes),
      ...sockets.map((path): Mount => ({ type: 'bind', source: path, target: path, readOnly: false })),
    ];
    return {
      part: {
        user: `${uid}:${gid}`,
        groups,
        workingDirectory: settings.containers.workingDirectory ?? home,
        environment,
        mounts,
      },
      reason: `runs as ${name}, uid ${uid}`,
    };
  },
};

/** Where neither the host's home nor a volume of the site lies there, a home in memory: without any, no notebook could start. */
function homeMount(
  home: string,
  homeFolder: string | undefined,
  volumes: SpawnerSettings['containers']['volumes'],
): Mount[] {
  if (homeFolder !== undefined) return [{ type: 'bind', source: homeFolder, target: home, readOnly: false }];
  if (volumes.some(({ target }) => target === home || home.startsWith(`${target}/`))) return [];
  return [{ type: 'tmpfs', target: home, sizeBytes: 256 * 2 ** 20 }];
}
