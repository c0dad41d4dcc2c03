import type { LogFields, Logger, LogLevel } from '@tenon/contract';

/** One thing that was said. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps what it is told. */
export class LogLines implements Logger {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  /** The lines of one level whose message contains a text. */
  at(level: 'info' | 'warn' | 'error', text = ''): readonly LogLine[] {
    return this.lines.filter((line) => line.level === level && line.message.includes(text));
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#add('debug', message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#add('info', message, fields);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#add('warn', message, fields);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#add('error', message, fields);
  }

  child(fields: LogFields): Logger {
    return new LogLines(this.lines, { ...this.#fields, ...fields });
  }

  #add(level: LogLevel, message: string, fields: LogFields): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}
