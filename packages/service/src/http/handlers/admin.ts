/** What admins do: drain, back up, diagnose. */
import type { Drain as WireDrain } from '@berth/contract';
import type { Drain, Spawner } from '@berth/spawner';
import type { Audit } from '../../login/audit.ts';
import type { Doctor } from '../../doctor/doctor.ts';
import type { Handlers } from '../operation.ts';

export interface AdminParts {
  readonly spawner: Spawner;
  /** Writes a consistent copy of the database. Rejects with a StoreError. */
  readonly backup: () => Promise<{ path: string; bytes: number; at: Date }>;
  readonly doctor: Doctor;
  readonly audit: Pick<Audit, 'write'>;
}

export function adminHandlers({ spawner, backup, doctor, audit }: AdminParts) {
  return {
    getDrain: () => ({ status: 200, json: toWire(spawner.drain) }),

    async setDrain({ caller, body }) {
      await spawner.setDrain({
        enabled: body.enabled,
        ...(body.message === undefined ? {} : { message: body.message }),
      });
      await audit.write({ event: body.enabled ? 'drain-begun' : 'drain-ended', outcome: 'ok', by: caller.role });
      return { status: 200, json: toWire(spawner.drain) };
    },

    async createBackup({ caller }) {
      const { path, bytes, at } = await backup();
      await audit.write({ event: 'backup-made', outcome: 'ok', by: caller.role });
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
