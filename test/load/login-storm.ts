/** Fifty who log in at once, and a few others with servers: a directory and a KDC of their own, and what a service is told of them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Directory } from '../stack/directory.ts';
import { MitKdc } from '../stack/mit-kdc.ts';

export interface LoginAnswer {
  readonly status: number;
  /** Whether it brought a ticket. */
  readonly ticket: boolean;
  readonly notices: readonly string[];
}

const password = 'Pa55-of-user';

export class LoginStorm {
  readonly directory: Directory;
  readonly kdc: MitKdc;
  /** They log in all at once. */
  readonly many = Array.from({ length: 50 }, (_, i) => `many${i + 1}`);
  /** They have logged in, each of these. */
  readonly others: readonly string[];
  /** Of berth.yaml. */
  readonly configuration: Readonly<Record<string, unknown>>;

  /** `others`: names of further users; `ticketSeconds`: how long a login waits for the KDC, at most 15. */
  static async make(folder: string, others: readonly string[], ticketSeconds: number): Promise<LoginStorm> {
    const homes = join(folder, 'home');
    await mkdir(homes, { recursive: true });
    const directory = await Directory.start({ folder: join(folder, 'ad') });
    try {
      const kdc = await MitKdc.start({ folder: join(folder, 'kdc'), lifeSeconds: 36_000, renewSeconds: 604_800 });
      const storm = new LoginStorm(directory, kdc, others, { homes, ticketSeconds });
      for (const name of [...storm.many, ...others]) {
        await directory.accounts.createUser({ name, password });
        await kdc.createUser(name, password);
      }
      return storm;
    } catch (error) {
      await directory.remove();
      throw error;
    }
  }

  private constructor(
    directory: Directory,
    kdc: MitKdc,
    others: readonly string[],
    { homes, ticketSeconds }: { readonly homes: string; readonly ticketSeconds: number },
  ) {
    this.directory = directory;
    this.kdc = kdc;
    this.others = others;
    const { domain, ldapsUrl, caFile } = directory;
    this.configuration = {
      // A Samba on a busy machine takes its time for fifty binds at once.
      directory: { domain, servers: [ldapsUrl], caFile, timeouts: { connect: '15s', operation: '20s', login: '40s' } },
      login: { allow: ['BANK\\domain^users'] },
      accounts: { source: 'pbis', home: { roots: [homes], template: `${homes}/{username}`, create: true } },
      tickets: { sources: ['password'], krb5Conf: kdc.krb5ConfFile, timeout: `${ticketSeconds}s` },
    };
  }

  /** All of `many` at once; resolves when each has its answer. */
  async break(service: { readonly url: string; readonly token: string }): Promise<readonly LoginAnswer[]> {
    return Promise.all(this.many.map((name) => this.logIn(service, name)));
  }

  async logIn(
    { url, token }: { readonly url: string; readonly token: string },
    username: string,
  ): Promise<LoginAnswer> {
    const answer = await fetch(`${url}/v1/logins`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    const { ticket, notices = [] } = (await answer.json()) as { ticket?: object | null; notices?: readonly string[] };
    return { status: answer.status, ticket: ticket !== null && ticket !== undefined, notices };
  }

  async remove(): Promise<void> {
    await this.kdc.remove();
    await this.directory.remove();
  }
}
