/** The directory that logins are measured against: one user in 20 groups, one in 300, and a whitelist of 20 groups. */
import { dirname, join } from 'node:path';
import { LdapTap } from '../directory/ldap-tap.ts';
import { Directory } from '../stack/directory.ts';

export interface LoginUser {
  readonly name: string;
  /** Direct memberships; Domain Users, and what AD adds for it, come on top. */
  readonly groups: number;
}

/** Where a contestant finds the domain controller. */
export interface LdapsServer {
  readonly host: string;
  readonly port: number;
}

export const loginUsers: readonly LoginUser[] = [
  { name: 'few', groups: 20 },
  { name: 'many', groups: 300 },
];
export const loginPassword = 'Pa55-of-user';
const whitelisted = 20;

export class LoginDirectory {
  readonly directory: Directory;
  /** DNs of the whitelist, in its order. Both users are in the last alone. */
  readonly allowed: readonly string[];

  static async start(folder: string): Promise<LoginDirectory> {
    const directory = await Directory.start({ folder });
    try {
      const { accounts } = directory;
      for (const { name } of [...loginUsers, { name: 'other' }]) {
        await accounts.createUser({ name, password: loginPassword });
      }
      const allowed: string[] = [];
      for (let i = 1; i <= whitelisted; i++) {
        const members = i < whitelisted ? ['other'] : loginUsers.map(({ name }) => name);
        allowed.push((await accounts.createGroup({ name: `allowed ${i}`, members })).dn);
      }
      const most = Math.max(...loginUsers.map(({ groups }) => groups));
      for (let i = 2; i <= most; i++) {
        const members = loginUsers.filter(({ groups }) => i <= groups).map(({ name }) => name);
        await accounts.createGroup({ name: `group ${i}`, members });
      }
      return new LoginDirectory(directory, allowed);
    } catch (error) {
      await directory.remove();
      throw error;
    }
  }

  private constructor(directory: Directory, allowed: readonly string[]) {
    this.directory = directory;
    this.allowed = allowed;
  }

  get server(): LdapsServer {
    return { host: this.directory.address, port: this.directory.ports.ldaps };
  }

  /** `svc-berth@corp.example.test` */
  get serviceName(): string {
    return `${this.directory.service.name}@${this.directory.domain}`;
  }

  /** Stands before it and counts. */
  async tap(): Promise<LdapTap> {
    const { address, caFile } = this.directory;
    const folder = dirname(caFile);
    const authority = { certificate: caFile, key: join(folder, 'ca.key') };
    return LdapTap.start({ to: address, authority, folder });
  }

  async remove(): Promise<void> {
    await this.directory.remove();
  }
}
