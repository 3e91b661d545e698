/** Why `berth serve` could not start, with the exit code that tells a supervisor whether to try again. */
import { TicketError } from '@berth/krb5-ccache';
import { StoreError, type StoreErrorCode } from '@berth/spawner';
import { ConfigurationError } from '../configuration/configuration.ts';
import { CommandFailed } from './command-failed.ts';
import { exit, type ExitCode } from './exit-codes.ts';

const storeExits: Readonly<Record<StoreErrorCode, ExitCode>> = {
  'in-use': exit.unavailable,
  'disk-full': exit.unavailable,
  failed: exit.unavailable,
  'bad-cursor': exit.internal,
  damaged: exit.configuration,
  'newer-version': exit.configuration,
  unreadable: exit.configuration,
};

/** The error to be reported; one that nobody foresaw stays as it is. */
export function startFailure(error: unknown): unknown {
  if (error instanceof ConfigurationError) return failed(exit.configuration, error.message, error);
  if (error instanceof TicketError) return failed(exit.configuration, error.message, error);
  if (error instanceof StoreError) return failed(storeExits[error.code], error.message, error);
  const {
    code,
    message = '',
    address,
    port,
    path,
  } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const where = port === undefined ? (address ?? path ?? 'an address') : `${address ?? ''}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return failed(
        exit.unavailable,
        `Another program listens on ${where}: stop it, or change \`listen\` in the configuration.`,
        error,
      );
    case 'EADDRNOTAVAIL':
      return failed(
        exit.configuration,
        `This host has no address ${where}: change \`listen\` in the configuration.`,
        error,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return failed(
        exit.refused,
        `This account may not use ${where} (${message}): run \`berth serve\` as root or as its systemd unit does.`,
        error,
      );
    case undefined:
    default:
      return error;
  }
}

function failed(code: ExitCode, message: string, cause: unknown): CommandFailed {
  return new CommandFailed(code, message, { cause });
}
