import { type Message, ServiceError } from '@tenon/contract';
import { unpackRecord } from '../wire/record.js';
import type { Entry } from './group.js';

/** The message of an entry, which may be anything: throws `InvalidArgument`, and nothing else, where it is not ours. */
export function messageOfEntry({ fields }: Pick<Entry, 'fields'>): Message {
  const record = recordOf(fields);
  if (record === undefined) {
    throw new ServiceError('InvalidArgument', 'not a Tenon message: it has no field "e"', { executed: 'no' });
  }
  // A copy: whoever keeps a message shall not keep all that came with it.
  return unpackRecord(Buffer.from(record));
}

/** What is no message of ours, for the dead letters: its record as it came, or all its fields, a line each. */
export function entryAsItCame({ id, fields }: Pick<Entry, 'id' | 'fields'>): Message {
  const lines = fields.map((part, index) => Buffer.concat([part, Buffer.from(index % 2 === 0 ? ': ' : '\n')]));
  return {
    id: `undecodable-${id}`,
    timeMs: 0,
    contentType: 'application/octet-stream',
    body: recordOf(fields) ?? Buffer.concat(lines),
    metadata: Object.freeze({}),
  };
}

function recordOf(fields: readonly Buffer[]): Buffer | undefined {
  const at = fields.findIndex((name, index) => index % 2 === 0 && name.length === 1 && name[0] === recordField);
  return at < 0 ? undefined : fields[at + 1];
}

/** `e`. */
const recordField = 0x65;
