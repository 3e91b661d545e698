/** The krb5.conf that containers get: the site's, with its includes in place and without what names files of the host. */
import { containerKrb5Conf, inlineKrb5Conf, libdefault, TicketError } from '@berth/krb5-ccache';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface SiteKrb5Conf {
  /** The site's text, with its includes in place. Rejects with a TicketError. */
  read(): Promise<string>;
  /** Path of the file for containers, as current as the site's. Rejects with a TicketError. */
  forContainers(): Promise<string>;
  /** `default_realm`; undefined where there is none. Rejects with a TicketError. */
  realm(): Promise<string | undefined>;
}

export function siteKrb5Conf(file: string, runtimeFolder: string): SiteKrb5Conf {
  const target = join(runtimeFolder, 'krb5.conf');
  let written: string | undefined;
  const read = async () => {
    const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      throw new TicketError('ticket-failed', `${file} can't be read: ${cause.code}. Set tickets.krb5Conf.`, { cause });
    });
    return inlineKrb5Conf(text, { read: (path) => readFile(path, 'utf8'), list: (folder) => readdir(folder) }, file);
  };
  return {
    read,
    async forContainers() {
      const text = await containerKrb5Conf(await read());
      if (text === written) return target;
      // Running containers keep the file that they have mounted.
      const draft = `${target}.${randomBytes(6).toString('hex')}`;
      await writeFile(draft, text, { mode: 0o644 });
      await rename(draft, target);
      written = text;
      return target;
    },
    realm: async () => libdefault(await read(), 'default_realm'),
  };
}
