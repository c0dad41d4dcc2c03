import { isRecord, refuseLock, stated } from './lock-reading.js';

/**
 * The numbers that a service's messages have given away, for ever: what a lock file holds. Plain, frozen data.
 *
 * A number that was once on a wire must never mean something else, so what is removed stays here as reserved.
 */
export interface ProtoLock {
  /** Of the file's form: 1. */
  readonly version: 1;
  /** Whose messages these are. */
  readonly service: string;
  readonly messages: Readonly<Record<string, LockedMessage>>;
}

/** One message, by the names that stand in the .proto. */
export interface LockedMessage {
  readonly fields: Readonly<Record<string, LockedField>>;
  /** Fields that are gone. */
  readonly reserved: Readonly<Record<string, number>>;
  readonly enums: Readonly<Record<string, LockedEnum>>;
}

export interface LockedField {
  readonly number: number;
  /** `string`, `repeated Line`, `map<string, int64>`. Whether it is `optional` is not locked: the bytes are the same. */
  readonly type: string;
}

/** One enum within a message. */
export interface LockedEnum {
  readonly values: Readonly<Record<string, number>>;
  readonly reserved: Readonly<Record<string, number>>;
}

/**
 * Reads a lock file.
 *
 * @param file - its name, for errors.
 * @throws ServiceError `FailedPrecondition` that names the file, the message and the field: no JSON, a number out of range, a
 * number that two fields have, or that a field has although it is reserved.
 */
export function parseProtoLock(text: string, file = 'the lock'): ProtoLock {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw refuseLock(file, 'it is not JSON');
  }
  return checkedProtoLock(given, file);
}

/** The same of what was parsed already. */
export function checkedProtoLock(given: unknown, file = 'the lock'): ProtoLock {
  if (!isRecord(given) || given['version'] !== 1) throw refuseLock(file, 'it is no lock of version 1');
  const { service } = given;
  if (typeof service !== 'string' || service === '') throw refuseLock(file, 'it names no service');
  const messages = stated(file, 'messages', given['messages']).map(([name, message]) => {
    return [name, lockedMessage(file, name, message)] as const;
  });
  return Object.freeze({ version: 1, service, messages: Object.freeze(Object.fromEntries(messages)) });
}

/** The lock as the text of its file: messages by name, fields by number, a line for each. */
export function formatProtoLock({ version, service, messages }: ProtoLock): string {
  const sorted = sortedBy(messages, ({ fields, reserved, enums }) => ({
    fields: byNumber(fields, ({ number }) => number),
    ...(Object.keys(reserved).length === 0 ? {} : { reserved: byNumber(reserved, (number) => number) }),
    ...(Object.keys(enums).length === 0
      ? {}
      : {
          enums: sortedBy(enums, ({ values, reserved }) => ({
            values: byNumber(values, (number) => number),
            ...(Object.keys(reserved).length === 0 ? {} : { reserved: byNumber(reserved, (number) => number) }),
          })),
        }),
  }));
  const text = JSON.stringify({ version, service, messages: sorted }, undefined, 2);
  return `${text.replace(brokenField, '{ "number": $1, "type": $2 }')}\n`;
}

function lockedMessage(file: string, name: string, given: unknown): LockedMessage {
  if (!isRecord(given)) throw refuseLock(file, `${name} is no object`);
  const fields = stated(file, `${name}.fields`, given['fields']).map(([field, one]) => {
    if (!isRecord(one) || typeof one['type'] !== 'string') throw refuseLock(file, `${name}.${field} has no type`);
    const number = fieldNumber(file, `${name}.${field}`, one['number']);
    return [field, Object.freeze({ number, type: one['type'] })] as const;
  });
  const reserved = stated(file, `${name}.reserved`, given['reserved']).map(([field, number]) => {
    return [field, fieldNumber(file, `${name}.${field}`, number)] as const;
  });
  refuseTwice(file, name, [...fields.map(([field, { number }]) => [field, number] as const), ...reserved]);
  const enums = stated(file, `${name}.enums`, given['enums']).map(([one, values]) => {
    return [one, lockedEnum(file, `${name}.${one}`, values)] as const;
  });
  return Object.freeze({
    fields: Object.freeze(Object.fromEntries(fields)),
    reserved: Object.freeze(Object.fromEntries(reserved)),
    enums: Object.freeze(Object.fromEntries(enums)),
  });
}

function lockedEnum(file: string, name: string, given: unknown): LockedEnum {
  if (!isRecord(given)) throw refuseLock(file, `${name} is no object`);
  const numbers = (key: 'values' | 'reserved') =>
    stated(file, `${name}.${key}`, given[key]).map(([value, number]) => {
      const isNumber = Number.isInteger(number) && (number as number) > 0 && (number as number) < 2 ** 31;
      if (!isNumber) throw refuseLock(file, `${name}.${value} has the number ${String(number)}, not 1 to 2147483647`);
      return [value, number as number] as const;
    });
  const [values, reserved] = [numbers('values'), numbers('reserved')];
  refuseTwice(file, name, [...values, ...reserved]);
  return Object.freeze({
    values: Object.freeze(Object.fromEntries(values)),
    reserved: Object.freeze(Object.fromEntries(reserved)),
  });
}

/** 1 to 2^29 − 1, without those that protobuf keeps to itself. */
function fieldNumber(file: string, place: string, number: unknown): number {
  const isNumber = Number.isInteger(number) && (number as number) >= 1 && (number as number) <= maxFieldNumber;
  if (isNumber && !isKept(number as number)) return number as number;
  throw refuseLock(
    file,
    `${place} has the number ${String(number)}, which is not one of 1 to ${maxFieldNumber} without ${firstKept} to ${lastKept}`,
  );
}

function refuseTwice(file: string, name: string, numbered: readonly (readonly [string, number])[]): void {
  const byNumber = new Map<number, string>();
  const names = new Set<string>();
  for (const [one, number] of numbered) {
    const other = byNumber.get(number);
    if (other !== undefined)
      throw refuseLock(file, `${name}.${other} and ${name}.${one} both have the number ${number}`);
    if (names.has(one)) throw refuseLock(file, `${name}.${one} is in use and reserved`);
    byNumber.set(number, one);
    names.add(one);
  }
}

/** Whether a field number belongs to implementations of protobuf. */
export function isKept(number: number): boolean {
  return number >= firstKept && number <= lastKept;
}

function sortedBy<T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Readonly<Record<string, R>> {
  const names = Object.keys(record).sort();
  return Object.fromEntries(names.map((name) => [name, change(record[name] as T)]));
}

function byNumber<T>(record: Readonly<Record<string, T>>, numberOf: (value: T) => number): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).sort(([, one], [, other]) => numberOf(one) - numberOf(other)));
}

/** A field over four lines, which is to be one. Nothing in a name or a type can look like it. */
const brokenField = /\{\n +"number": (\d+),\n +"type": ("[^"\n]*")\n +\}/g;

export const maxFieldNumber = 2 ** 29 - 1;
const firstKept = 19_000;
const lastKept = 19_999;
