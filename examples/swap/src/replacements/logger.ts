import pino from 'pino';
import { Logger, provide } from 'tenon';
import type { Replacement } from '../replacement.js';

/** pino instead of the console: the whole adapter. */
export const logger: Replacement = (seen) => {
  const write = (line: string): void => {
    seen.push(`pino ${JSON.parse(line).msg}`);
  };
  return provide(Logger, [], () => adapted(pino({ level: 'debug' }, { write })));
};

function adapted(own: pino.Logger): Logger {
  return {
    debug: (message, fields) => own.debug(fields, message),
    info: (message, fields) => own.info(fields, message),
    warn: (message, fields) => own.warn(fields, message),
    error: (message, fields) => own.error(fields, message),
    child: (fields) => adapted(own.child(fields)),
  };
}
