/** What admins do: drain, back up, diagnose. */
import type { Drain as WireDrain } from '@berth/contract';
import type { Drain, Spawner } from '@berth/spawner';
import type { Doctor } from '../../doctor/doctor.ts';
import type { Handlers } from '../operation.ts';

export interface AdminParts {
  readonly spawner: Spawner;
  /** Writes a consistent copy of the database. Rejects with a StoreError. */
  readonly backup: () => Promise<{ path: string; bytes: number; at: Date }>;
  readonly doctor: Doctor;
}

export function adminHandlers({ spawner, backup, doctor }: AdminParts) {
  return {
    getDrain: () => ({ status: 200, json: toWire(spawner.drain) }),

    async setDrain({ body }) {
      await spawner.setDrain({
        enabled: body.enabled,
        ...(body.message === undefined ? {} : { message: body.message }),
      });
      return { status: 200, json: toWire(spawner.drain) };
    },

    async createBackup() {
      const { path, bytes, at } = await backup();
      return { status: 201, json: { path, bytes, at: at.toISOString() } };
    },

    async runDoctor({ signal }) {
      const findings = await doctor.diagnose(signal);
      return { status: 200, json: { items: findings } };
    },
  } satisfies Partial<Handlers>;
}

function toWire({ enabled, message }: Drain): WireDrain {
  return { enabled, ...(message === undefined ? {} : { message }) };
}
