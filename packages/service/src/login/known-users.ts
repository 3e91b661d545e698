/** The users that have logged in: in memory, each change written through. */
import type { UserRecord, UserRecords } from '@berth/identity';

export class KnownUsers {
  readonly #records: UserRecords;
  readonly #byName = new Map<string, UserRecord>();

  constructor(records: UserRecords) {
    this.#records = records;
  }

  async open(): Promise<void> {
    for (const user of await this.#records.loadUsers()) this.#byName.set(user.name, user);
  }

  get(name: string): UserRecord | undefined {
    return this.#byName.get(name);
  }

  all(): UserRecord[] {
    return [...this.#byName.values()];
  }

  /** Rejects with a StoreError; memory then is as before. */
  async save(user: UserRecord): Promise<void> {
    await this.#records.saveUser(user);
    this.#byName.set(user.name, user);
  }

  async remove(name: string): Promise<void> {
    await this.#records.removeUser(name);
    this.#byName.delete(name);
  }
}
