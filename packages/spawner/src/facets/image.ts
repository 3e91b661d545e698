import { SpawnError } from '../errors.ts';
import type { Facet } from './facet.ts';

/** The image by content id, and the account that its processes run as: never root. */
export const imageFacet: Facet = {
  name: 'image',
  compose({ request, settings, image, server, account }) {
    const { user, workingDirectory } = settings.containers;
    const part = { imageId: image.id, ...(request.command && { command: request.command }), hostname: server.key };
    if (account !== undefined) return { part, reason: "runs as the user's account" };
    if (user === undefined && isRoot(image.user))
      throw new SpawnError(
        'image-runs-as-root',
        `The image ${server.image} runs as root. Give it a USER that is not root, or set containers.user (for example "1000:100").`,
      );
    return {
      part: {
        ...part,
        ...(user !== undefined && { user }),
        ...(workingDirectory !== undefined && { workingDirectory }),
      },
      reason: user === undefined ? `runs as the image's user ${image.user}` : `runs as the configured user ${user}`,
    };
  },
};

function isRoot(user: string): boolean {
  const name = user.split(':')[0] ?? '';
  return name === '' || name === 'root' || /^0+$/.test(name);
}
