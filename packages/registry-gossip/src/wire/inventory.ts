import { ServiceError } from '@tenon/contract';

/** Handed over by stream from member to member: the question for all entries that somebody has registered, and the answer. */
export type InventoryMessage =
  | { readonly kind: 'question'; readonly from: string }
  | {
      readonly kind: 'answer';
      readonly owner: string;
      /** The highest stamp that the owner has given: what it has not listed and is not newer is gone. */
      readonly stamp: number;
      /** Its entries, as an exchanged state. */
      readonly state: Buffer;
    };

/** `T`, 2, the name of who asks. */
export function writeQuestion(from: string): Buffer {
  return Buffer.concat([Buffer.of(mark, questionKind), Buffer.from(from)]);
}

/** `T`, 3, the stamp in eight bytes, the length of the owner's name in one, its name, the entries. */
export function writeAnswer(owner: string, stamp: number, state: Buffer): Buffer {
  const name = Buffer.from(owner);
  const head = Buffer.alloc(11);
  head[0] = mark;
  head[1] = answerKind;
  head.writeBigUInt64BE(BigInt(stamp), 2);
  head[10] = name.length;
  return Buffer.concat([head, name, state]);
}

/** Undefined where it is something else. Throws `DataLoss`. */
export function readInventory(message: Buffer): InventoryMessage | undefined {
  if (message[0] !== mark) return undefined;
  if (message[1] === questionKind) return { kind: 'question', from: message.toString('utf8', 2, 2 + 128) };
  if (message[1] !== answerKind) return undefined;
  const nameEnd = 11 + (message[10] ?? 0);
  if (message.length < nameEnd) {
    throw ServiceError.refusal('DataLoss', 'a gossip inventory is cut off', { executed: 'no' });
  }
  const [owner, stamp] = [message.toString('utf8', 11, nameEnd), Number(message.readBigUInt64BE(2))];
  return { kind: 'answer', owner, stamp, state: message.subarray(nameEnd) };
}

const mark = 0x54;
const questionKind = 2;
const answerKind = 3;
