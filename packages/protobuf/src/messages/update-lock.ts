import { type MessageShape, typeText } from './message-shape.js';
import { isKept, type LockedEnum, type LockedField, type LockedMessage, type ProtoLock } from './proto-lock.js';
import { refusal } from './refusal.js';
import { enumOf } from './shape-message.js';

/**
 * The lock that goes with some messages: what the one before gave away stays, new fields get the next number that was never
 * used, and what is gone becomes reserved.
 *
 * @param before - the lock so far. Absent: fields are numbered from 1, in the order of their class.
 * @throws ServiceError `FailedPrecondition` that names message and field: another type than is locked, or the name of a field
 * that is reserved. The bytes of the two would be mistaken for each other.
 */
export function updateLock(service: string, messages: readonly MessageShape[], before?: ProtoLock): ProtoLock {
  const after: Record<string, LockedMessage> = {};
  for (const shape of messages) after[shape.name] = updateMessage(shape, before?.messages[shape.name] ?? noMessage);
  // A message that no endpoint needs now may come back, and old bytes of it with it.
  for (const [name, unused] of Object.entries(before?.messages ?? {})) after[name] ??= unused;
  return Object.freeze({ version: 1, service, messages: Object.freeze(after) });
}

function updateMessage({ name, fields }: MessageShape, before: LockedMessage): LockedMessage {
  const locked: Record<string, LockedField> = {};
  const enums: Record<string, LockedEnum> = {};
  let next = nextNumber([
    ...Object.values(before.fields).map((field) => field.number),
    ...Object.values(before.reserved),
  ]);
  for (const field of fields) {
    const type = typeText(field.type);
    const known = before.fields[field.name];
    if (Object.hasOwn(before.reserved, field.name))
      throw reused(name, field.name, before.reserved[field.name] as number);
    if (known !== undefined && known.type !== type) throw changed(name, field.name, known.type, type);
    locked[field.name] = Object.freeze({ number: known?.number ?? next, type });
    if (known === undefined) next = afterNumber(next);
    const of = enumOf(field.type);
    if (of !== undefined) enums[of.name] = updateEnum(`${name}.${of.name}`, of.values, before.enums[of.name]);
  }
  const gone = Object.entries(before.fields).filter(([field]) => !Object.hasOwn(locked, field));
  return Object.freeze({
    fields: Object.freeze(locked),
    reserved: Object.freeze({
      ...before.reserved,
      ...Object.fromEntries(gone.map(([field, { number }]) => [field, number])),
    }),
    enums: Object.freeze({ ...before.enums, ...enums }),
  });
}

function updateEnum(place: string, values: readonly { readonly name: string }[], before = noEnum): LockedEnum {
  const locked: Record<string, number> = {};
  let next = Math.max(0, ...Object.values(before.values), ...Object.values(before.reserved)) + 1;
  for (const { name } of values) {
    if (Object.hasOwn(before.reserved, name)) throw reused(place, name, before.reserved[name] as number);
    const known = before.values[name];
    locked[name] = known ?? next;
    if (known === undefined) next += 1;
  }
  const gone = Object.entries(before.values).filter(([name]) => !Object.hasOwn(locked, name));
  return Object.freeze({
    values: Object.freeze(locked),
    reserved: Object.freeze({ ...before.reserved, ...Object.fromEntries(gone) }),
  });
}

function nextNumber(used: readonly number[]): number {
  return afterNumber(used.reduce((most, number) => Math.max(most, number), 0));
}

function afterNumber(number: number): number {
  return isKept(number + 1) ? afterKept : number + 1;
}

function changed(message: string, field: string, from: string, to: string): Error {
  return refusal(
    `${message}.${field} was ${from} and is ${to} now, which reads the bytes of the other wrongly: give the new one another name`,
  );
}

function reused(message: string, name: string, number: number): Error {
  return refusal(
    `${message}.${name} was removed and its number ${number} is reserved; peers may still send the old one: give the new one another name`,
  );
}

const none = Object.freeze({});
const noMessage: LockedMessage = Object.freeze({ fields: none, reserved: none, enums: none });
const noEnum: LockedEnum = Object.freeze({ values: none, reserved: none });
const afterKept = 20_000;
