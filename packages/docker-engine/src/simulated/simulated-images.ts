import { createHash } from 'node:crypto';
import { EngineError, type ImageInfo } from '@berth/spawner';

/** What a test may say of an image; the rest is made up from its reference. */
export type ImageDetails = Partial<ImageInfo> & {
  /** Texts by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
};

/** Images of a simulated engine: those here, and those that a registry has. */
export class SimulatedImages {
  readonly #local = new Map<string, ImageInfo>();
  readonly #files = new Map<string, Readonly<Record<string, string>>>();
  readonly #remote = new Map<string, ImageInfo>();

  add(reference: string, details: ImageDetails): ImageInfo {
    const image = imageOf(reference, details);
    this.#files.set(image.id, details.files ?? unixFiles);
    this.#local.set(normal(reference), image);
    return image;
  }

  addRemote(reference: string, details: ImageDetails): ImageInfo {
    const image = imageOf(reference, details);
    this.#files.set(image.id, details.files ?? unixFiles);
    this.#remote.set(normal(reference), image);
    return image;
  }

  remove(reference: string): void {
    this.#local.delete(normal(reference));
  }

  /** By reference or by content id. */
  find(reference: string): ImageInfo | undefined {
    return this.#local.get(normal(reference)) ?? [...this.#local.values()].find((image) => image.id === reference);
  }

  filesOf(id: string): Readonly<Record<string, string>> {
    const files = this.#files.get(id);
    if (files === undefined || this.find(id) === undefined)
      throw new EngineError('image-not-found', `No such image: ${id}`, { status: 404 });
    return files;
  }

  pull(reference: string): ImageInfo {
    const image = reference.startsWith('sha256:') ? this.find(reference) : this.#remote.get(normal(reference));
    if (image === undefined)
      throw new EngineError('image-not-found', `pull access denied for ${reference}, repository does not exist`, {
        status: 404,
      });
    if (!reference.startsWith('sha256:')) this.#local.set(normal(reference), image);
    return image;
  }
}

const unixFiles = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\njovyan:x:1000:1000::/home/jovyan:/bin/bash\n',
  '/etc/group': 'root:x:0:\njovyan:x:1000:\n',
};

function imageOf(reference: string, details: ImageDetails): ImageInfo {
  const id = `sha256:${createHash('sha256').update(normal(reference)).digest('hex')}`;
  const { files: _, ...image } = { id, user: '1000', labels: {}, ...details };
  return image;
}

function normal(reference: string): string {
  return /[:@][^/]*$/.test(reference) ? reference : `${reference}:latest`;
}
