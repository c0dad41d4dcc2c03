import { ServiceError } from '@tenon/contract';

/** A log field's value as it is written: errors become facts, everything else must be JSON already. */
export function loggable(value: unknown): unknown {
  if (value instanceof ServiceError) {
    const { cause } = value;
    return {
      ...value.toRecord(),
      ...(value.attempts.length > 0 ? { attempts: value.attempts } : {}),
      ...(cause === undefined ? {} : { cause: loggable(cause) }),
    };
  }
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') return String(value);
  return value;
}

/** One line of JSON. What cannot be written as JSON is named instead of thrown about: logging never fails. */
export function jsonLine(line: Readonly<Record<string, unknown>>): string {
  try {
    // Errors are turned into facts here, because JSON.stringify asks their toJSON before it asks a replacer.
    const facts = Object.fromEntries(Object.entries(line).map(([key, value]) => [key, loggable(value)]));
    return JSON.stringify(facts, (_key, value: unknown) => loggable(value));
  } catch {
    return JSON.stringify({ level: line['level'], time: line['time'], message: line['message'], fields: 'not JSON' });
  }
}
