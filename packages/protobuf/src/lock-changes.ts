import type { LockedEnum, LockedMessage, ProtoLock } from './messages/proto-lock.js';
import { refusal } from './messages/refusal.js';

/** What became of a lock, a line each: `HelloRequest.born is new, as 3`. Empty where nothing did. */
export function lockChanges(before: ProtoLock | undefined, after: ProtoLock): readonly string[] {
  return Object.entries(after.messages).flatMap(([name, message]) => {
    const old = before?.messages[name];
    if (old === undefined) return [`${name} is new`];
    const enums = Object.entries(message.enums).flatMap(([one, { values, reserved }]) =>
      changesOf(`${name}.${one}`, numbersOf(old.enums[one]), values, reserved),
    );
    const fields = Object.fromEntries(Object.entries(message.fields).map(([field, { number }]) => [field, number]));
    return [...changesOf(name, fieldNumbers(old), fields, message.reserved), ...enums];
  });
}

/**
 * Refuses a lock in which a number means something else than it did in another, older one: what a merge or a hand may have
 * done to the file.
 *
 * @throws ServiceError `FailedPrecondition` that names message and field.
 */
export function refuseRenumbering(before: ProtoLock, after: ProtoLock): void {
  for (const [name, old] of Object.entries(before.messages)) {
    const message = after.messages[name];
    if (message === undefined) throw refusal(`${name} is gone from the lock, and its numbers with it: ${mend}`);
    const now = fieldNumbers(message);
    refuseMoved(name, { ...fieldNumbers(old), ...old.reserved }, { ...now, ...message.reserved });
    for (const [field, { type }] of Object.entries(old.fields)) {
      const changed = message.fields[field]?.type;
      if (changed !== undefined && changed !== type) {
        throw refusal(`${name}.${field} was ${type} and is ${changed} in the lock now: ${mend}`);
      }
    }
    for (const field of Object.keys(old.reserved)) {
      if (Object.hasOwn(now, field))
        throw refusal(`${name}.${field} was reserved and is in use in the lock now: ${mend}`);
    }
    for (const [one, numbers] of Object.entries(old.enums)) {
      const place = `${name}.${one}`;
      refuseMoved(
        place,
        { ...numbers.values, ...numbers.reserved },
        { ...numbersOf(message.enums[one]), ...message.enums[one]?.reserved },
      );
    }
  }
}

type Numbers = Readonly<Record<string, number>>;

function refuseMoved(place: string, before: Numbers, after: Numbers): void {
  for (const [name, number] of Object.entries(before)) {
    const now = after[name];
    if (now === undefined)
      throw refusal(`${place}.${name} is gone from the lock, and its number ${number} is free: ${mend}`);
    if (now !== number) throw refusal(`${place}.${name} was ${number} and is ${now} in the lock now: ${mend}`);
  }
}

function changesOf(place: string, before: Numbers, after: Numbers, reserved: Numbers): readonly string[] {
  const added = Object.entries(after).filter(([name]) => !Object.hasOwn(before, name));
  const gone = Object.entries(before).filter(([name]) => !Object.hasOwn(after, name));
  return [
    ...added.map(([name, number]) => `${place}.${name} is new, as ${number}`),
    ...gone.map(([name]) => `${place}.${name} is gone, and its number ${reserved[name]} reserved`),
  ];
}

function fieldNumbers({ fields }: LockedMessage): Numbers {
  return Object.fromEntries(Object.entries(fields).map(([name, { number }]) => [name, number]));
}

function numbersOf(one: LockedEnum | undefined): Numbers {
  return one?.values ?? {};
}

const mend = 'bytes of before would be read wrongly; restore it, and reserve what was removed';
