import { type LogFields, Logger, type LogLevel, type Provider, provide, ServiceError } from '@tenon/contract';
import { currentCall } from '@tenon/core';
import { jsonLine, loggable } from './log-line.js';

export interface ConsoleLoggerOptions {
  /** What is said: this level and those above it. Default `info`. */
  readonly level?: LogLevel;
  /** `json`: a line per message, for machines. `text`: for people. Default `text` on a terminal, else `json`. */
  readonly format?: 'json' | 'text';
  /** Where lines go. Default standard error, so that standard output stays the program's own. */
  readonly write?: (line: string) => void;
}

/**
 * The default logger. Lines within a handler carry the call's request id.
 *
 * @throws ServiceError `InvalidArgument` for a level or format that does not exist.
 */
export function consoleLogger(options: ConsoleLoggerOptions = {}): Provider<Logger> {
  const level = options.level ?? 'info';
  const format = options.format ?? (process.stderr.isTTY ? 'text' : 'json');
  if (!(level in ranks)) throw unknownOption('level', level, Object.keys(ranks));
  if (format !== 'json' && format !== 'text') throw unknownOption('format', format, ['json', 'text']);
  const write = options.write ?? ((line) => void process.stderr.write(`${line}\n`));
  return provide(Logger, [], () => new ConsoleLogger(ranks[level], format === 'json' ? asJson : asText, write, {}));
}

type Spoken = Exclude<LogLevel, 'silent'>;

class ConsoleLogger implements Logger {
  constructor(
    private readonly rank: number,
    private readonly form: (level: Spoken, message: string, fields: LogFields) => string,
    private readonly write: (line: string) => void,
    private readonly fields: LogFields,
  ) {}

  debug(message: string, fields?: LogFields): void {
    this.#say('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#say('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#say('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#say('error', message, fields);
  }

  child(fields: LogFields): Logger {
    return new ConsoleLogger(this.rank, this.form, this.write, { ...this.fields, ...fields });
  }

  #say(level: Spoken, message: string, fields: LogFields | undefined): void {
    if (ranks[level] < this.rank) return;
    const call = currentCall();
    this.write(
      this.form(level, message, {
        ...(call === undefined ? {} : { requestId: call.requestId }),
        ...this.fields,
        ...fields,
      }),
    );
  }
}

function asJson(level: Spoken, message: string, fields: LogFields): string {
  return jsonLine({ level, time: new Date().toISOString(), message, ...fields });
}

function asText(level: Spoken, message: string, fields: LogFields): string {
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        `${key}=${typeof value === 'string' ? value : jsonLine({ value: loggable(value) }).slice(9, -1)}`,
    );
  return [new Date().toISOString().slice(11, 23), level.toUpperCase().padEnd(5), message, ...facts].join(' ');
}

function unknownOption(name: string, value: unknown, known: readonly string[]): ServiceError {
  return new ServiceError(
    'InvalidArgument',
    `logger.${name} is ${String(value)}; it must be one of ${known.join(', ')}`,
    { executed: 'no' },
  );
}

const ranks: Readonly<Record<LogLevel, number>> = Object.freeze({
  debug: 10,
  info: 20,
  warn: 30,
  error: 40,
  silent: 99,
});
