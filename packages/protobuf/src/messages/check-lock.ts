import { type MessageShape, typeText } from './message-shape.js';
import type { LockedMessage, ProtoLock } from './proto-lock.js';
import { refusal } from './refusal.js';
import { enumOf } from './shape-message.js';

/**
 * Refuses messages that do not agree with a lock: a field that is not in it, one of another type, one that it reserves, and one
 * that it has and the class has no more.
 *
 * @throws ServiceError `FailedPrecondition` that names message, field and mend.
 */
export function checkLock(messages: readonly MessageShape[], lock: ProtoLock): void {
  for (const shape of messages) {
    const locked = Object.hasOwn(lock.messages, shape.name) ? lock.messages[shape.name] : undefined;
    if (locked === undefined) throw refusal(`the lock of ${lock.service} has no message ${shape.name}: ${mend}`);
    checkMessage(shape, locked, lock.service);
  }
}

function checkMessage({ name, fields }: MessageShape, locked: LockedMessage, service: string): void {
  for (const field of fields) {
    const place = `${name}.${field.name}`;
    const known = Object.hasOwn(locked.fields, field.name) ? locked.fields[field.name] : undefined;
    const type = typeText(field.type);
    if (Object.hasOwn(locked.reserved, field.name)) {
      throw refusal(
        `${place} is reserved in the lock of ${service}, as a field that was removed: give it another name`,
      );
    }
    if (known === undefined) throw refusal(`${place} has no number in the lock of ${service}: ${mend}`);
    if (known.type !== type) {
      throw refusal(
        `${place} is ${type}, and ${known.type} in the lock of ${service}, which reads the bytes of the other wrongly: give the new one another name`,
      );
    }
    const of = enumOf(field.type);
    for (const { name: value } of of?.values ?? []) {
      if (locked.enums[of?.name ?? '']?.values[value] === undefined) {
        throw refusal(`${name}.${value} has no number in the lock of ${service}: ${mend}`);
      }
    }
  }
  const gone = Object.keys(locked.fields).find((one) => fields.every((field) => field.name !== one));
  if (gone !== undefined) {
    throw refusal(`${name}.${gone} is in the lock of ${service}, and the class has no such field: ${mend}`);
  }
}

const mend = 'bring it up to date with "tenon proto --lock"';
