import type { Logger } from '../logger.js';

/** A logger that says nothing, for tests of providers. */
export function silentLogger(): Logger {
  const quiet = (): void => {};
  const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => logger };
  return logger;
}
