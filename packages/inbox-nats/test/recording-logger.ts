import type { LogFields, Logger } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';

/** A logger that keeps what is told at warn. */
export function warningsInto(warnings: (readonly [string, LogFields])[]): Logger {
  const logger: Logger = {
    ...silentLogger(),
    debug: () => {},
    info: () => {},
    warn: (message, fields = {}) => void warnings.push([message, fields]),
    error: () => {},
    child: () => logger,
  };
  return logger;
}
