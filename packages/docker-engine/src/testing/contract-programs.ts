/** Programs that the contract runs in containers: real commands of the tiny image, and what they do for the simulated engine. */
import type { ContainerSpec } from '@berth/spawner';
import type { Behaviour } from '../simulated/index.ts';

export const PROGRAMS = {
  /** Says one line on each stream, then ends with 3. */
  speaksAndFails: ['sh', '-c', 'echo out; sleep 0.2; echo err >&2; exit 3'],
  countsToTwenty: ['sh', '-c', 'seq 1 20; exec sleep 60'],
  /** Doesn't hear the polite signal. */
  stubborn: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'],
  /** Takes more memory than the 16 MiB it is given. */
  greedy: ['sh', '-c', 'exec dd if=/dev/zero of=/dev/shm/x bs=1M count=60'],
  missing: ['/nothing/here'],
  saysWhoItIs: ['sh', '-c', 'id -u; id -g; id -G'],
} as const;

const BEHAVIOURS: Readonly<Record<keyof typeof PROGRAMS, Behaviour>> = {
  speaksAndFails: { says: ['out', 'err'], exits: { afterMilliseconds: 20, code: 3 } },
  countsToTwenty: { says: Array.from({ length: 20 }, (_, index) => String(index + 1)) },
  stubborn: { onStop: { afterMilliseconds: 60_000, code: 0 } },
  greedy: { exits: { afterMilliseconds: 20, code: 137, oomKilled: true } },
  saysWhoItIs: {},
  missing: { startError: 'exec: "/nothing/here": no such file or directory' },
};

/** An init starts, and then finds no program. */
const MISSING_UNDER_INIT: Behaviour = {
  says: ['exec /nothing/here failed: No such file or directory'],
  exits: { afterMilliseconds: 20, code: 127 },
};

/** Texts of the tiny image, for the simulated engine (test/stack/tiny-image.ts writes the real ones). */
export const TINY_FILES = {
  '/etc/passwd': 'root:x:0:0::/:/bin/sh\ntiny:x:1000:1000::/home:/bin/sh\n',
  '/etc/group': 'root:x:0:\ntiny:x:1000:\n',
};

function whoItIs({ user = '1000:1000', groups = [] }: ContainerSpec): Behaviour {
  const [uid = '', gid = ''] = user.split(':');
  return { says: [uid, gid, [gid, ...groups].join(' ')], exits: { afterMilliseconds: 20, code: 0 } };
}

export function simulatedBehaviour(spec: ContainerSpec): Behaviour {
  const known = Object.entries(PROGRAMS).find(([, command]) => spec.command?.join(' ') === command.join(' '));
  if (known?.[0] === 'saysWhoItIs') return whoItIs(spec);
  if (known?.[0] === 'missing' && spec.security.init) return MISSING_UNDER_INIT;
  return known === undefined ? {} : BEHAVIOURS[known[0] as keyof typeof PROGRAMS];
}
