/**
 * The numbered steps of a start and of a stop. Each is a fault point: the crash tests end the service behind each of
 * them, so a step without a case fails those tests.
 */
export const startSteps = [
  'recorded',
  'previous-removed',
  'image-ready',
  'account-ready',
  'network-ready',
  'ticket-ready',
  'created',
  'started',
  'located',
  'listening',
  'running',
] as const;

export const stopSteps = ['recorded', 'signalled', 'read', 'removed', 'released'] as const;

export type FaultPoint = `start:${(typeof startSteps)[number]}` | `stop:${(typeof stopSteps)[number]}`;

/** Called behind each step. In production it does nothing. */
export type Faults = (point: FaultPoint) => Promise<void> | void;

/** What the steps are called where a person reads them. */
export const startStepTitles: Record<(typeof startSteps)[number], string> = {
  recorded: 'put the start on record',
  'previous-removed': 'remove the previous server',
  'image-ready': 'get the image',
  'account-ready': 'look up the account',
  'network-ready': 'get the network ready',
  'ticket-ready': 'get the Kerberos ticket ready',
  created: 'create the container',
  started: 'start the container',
  located: "find the container's address",
  listening: 'wait for the server to listen',
  running: 'put the running server on record',
};
