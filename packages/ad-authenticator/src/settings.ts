/** What a site configures of its directory; the service makes it from berth.yaml. */
import type { LoginRefusalCode } from './ad-authenticator.ts';

export interface AdSettings {
  /** DNS name, lower-case: `corp.example.test`. */
  readonly domain: string;
  /** Default: read from CN=Partitions. */
  readonly netbios: string | undefined;
  /** Default: the domain in upper case. */
  readonly realm: string | undefined;
  /** `ldaps://dc1.corp.example.test[:636]`, or `ldap://...`, which then is StartTLS: nothing is ever sent in clear. Empty: found by SRV. */
  readonly servers: readonly string[];
  /** AD site that SRV discovery prefers. */
  readonly site: string | undefined;
  /** PEM certificates of the authorities that are trusted; undefined: the system's. */
  readonly authorities: readonly string[] | undefined;
  /** Without one, a login binds as the user itself, and `find` and `explain` reject. */
  readonly serviceAccount: ServiceAccount | undefined;
  /** Where accounts are searched; undefined: the domain's naming context. */
  readonly baseDn: string | undefined;
  /** Groups whose members may log in: `BANK\risk analysts`, `risk analysts`, a DN or a SID; `^` stands for a space as with PBIS. */
  readonly allow: readonly string[];
  readonly adminGroups: readonly string[];
  /** Groups that the hub is told of. */
  readonly hubGroups: readonly string[];
  /** Sentences for users in place of the built-in ones. */
  readonly messages: Partial<Readonly<Record<LoginRefusalCode, string>>>;
  readonly connectSeconds: number;
  /** Limit of one LDAP operation. */
  readonly operationSeconds: number;
  /** Limit of a whole login over all servers. */
  readonly loginSeconds: number;
  /** How long a group's SID, looked up by its name, holds. */
  readonly groupCacheSeconds: number;
}

export interface ServiceAccount {
  /** `svc-berth@corp.example.test`, `BANK\svc-berth` or a DN. */
  readonly name: string;
  /** Read anew for each bind, so that it can be rotated. */
  readonly password: () => Promise<string>;
}
