/** How much is said, from everything to nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Facts beside a message. Values are written as JSON; a `ServiceError` as its record with its cause's text. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where everything in Tenon says what happens.
 *
 * Messages are constant sentences, what varies stands in the fields. Never give it a whole request, metadata or options
 * object: they may hold secrets. Implementers never throw.
 */
export abstract class Logger {
  abstract debug(message: string, fields?: LogFields): void;
  abstract info(message: string, fields?: LogFields): void;
  abstract warn(message: string, fields?: LogFields): void;
  abstract error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line. */
  abstract child(fields: LogFields): Logger;
}
