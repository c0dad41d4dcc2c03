import { ServiceError } from '@tenon/contract';
import type { ProtoLock } from '@tenon/protobuf/messages';

/** The error for two locks that have one message and number it differently: a value of it says nothing about whose it is. */
export function lockDisagreement(locks: readonly ProtoLock[]): ServiceError | undefined {
  for (const [index, lock] of locks.entries()) {
    for (const other of locks.slice(0, index)) {
      for (const [name, { fields }] of Object.entries(lock.messages)) {
        const others = Object.hasOwn(other.messages, name) ? other.messages[name]?.fields : undefined;
        const field = Object.keys(fields).find(
          (one) => others !== undefined && others[one]?.number !== fields[one]?.number,
        );
        if (field === undefined) continue;
        const text = `the locks of ${other.service} and ${lock.service} both have a message ${name}, and number ${name}.${field} differently: rename the class in one of them, or give each an app of its own`;
        return new ServiceError('FailedPrecondition', text, { executed: 'no' });
      }
    }
  }
  return undefined;
}
