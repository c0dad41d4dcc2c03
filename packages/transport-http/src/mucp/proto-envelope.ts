import { ServiceError } from '@tenon/contract';
import type { Envelope, Enveloped } from './envelope.js';

/**
 * What go-micro's `application/proto-rpc` puts before a protobuf message: two blocks, each with its length before it in
 * four bytes, big-endian. The first is a protobuf message itself: 1 the method, 2 the number of the call as fixed64, and in
 * replies 3 the text of an error.
 */
export const protoEnvelope: Envelope = Object.freeze({
  inner: 'application/protobuf',
  request: ({ method, id, body }: Omit<Enveloped, 'error'>): Buffer =>
    blocks([textField(methodTag, method), numberField(id)], body),
  openRequest: (bytes: Buffer): Enveloped => open(bytes),
  reply: ({ id, error, body }: Omit<Enveloped, 'method'>): Buffer =>
    error === '' ? blocks([numberField(id)], body) : blocks([numberField(id), textField(errorTag, error)], nothing),
  openReply: (bytes: Buffer): Enveloped => open(bytes),
});

function blocks(head: readonly Buffer[], body: Buffer): Buffer {
  const envelope = Buffer.concat(head);
  return Buffer.concat([lengthOf(envelope), envelope, lengthOf(body), body]);
}

function lengthOf({ length }: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

function textField(tag: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length === 0) return nothing;
  return Buffer.concat([Buffer.from([tag, ...varint(bytes.length)]), bytes]);
}

/** Zero is left out, as protobuf does with it. */
function numberField(id: string): Buffer {
  const number = /^\d{1,20}$/.test(id) ? BigInt.asUintN(64, BigInt(id)) : 0n;
  if (number === 0n) return nothing;
  const bytes = Buffer.alloc(9);
  bytes[0] = numberTag;
  bytes.writeBigUInt64LE(number, 1);
  return bytes;
}

function* varint(value: number): Iterable<number> {
  let left = value;
  for (; left > 127; left >>>= 7) yield (left & 127) | 128;
  yield left;
}

function open(bytes: Buffer): Enveloped {
  const envelope = block(bytes, 0);
  const body = block(bytes, 4 + envelope.length);
  if (8 + envelope.length + body.length !== bytes.length) throw malformed('bytes follow its message');
  const fields = { method: '', id: '0', error: '' };
  const reader = new FieldReader(envelope);
  while (reader.more) {
    const tag = reader.number();
    if (tag === methodTag) fields.method = reader.text();
    else if (tag === errorTag) fields.error = reader.text();
    else if (tag === numberTag) fields.id = reader.fixed();
    else reader.skip(tag & 7);
  }
  return { ...fields, body };
}

function block(bytes: Buffer, at: number): Buffer {
  if (bytes.length < at + 4) throw malformed('it is cut short');
  const length = bytes.readUInt32BE(at);
  if (bytes.length < at + 4 + length) throw malformed('a length in it is longer than what follows');
  return bytes.subarray(at + 4, at + 4 + length);
}

/** Reads the fields of one protobuf message; those that nobody knows are passed over. */
class FieldReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#take(1)[0] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw malformed('a number in it is too long');
  }

  text(): string {
    return this.#take(this.number()).toString('utf8');
  }

  fixed(): string {
    return this.#take(8).readBigUInt64LE().toString();
  }

  /** @param wireType - groups, which nobody writes any more, are refused. */
  skip(wireType: number): void {
    if (wireType === 0) this.#skipVarint();
    else if (wireType === 1) this.#take(8);
    else if (wireType === 2) this.#take(this.number());
    else if (wireType === 5) this.#take(4);
    else throw malformed('it has a field of an unknown kind');
  }

  #skipVarint(): void {
    for (let length = 0; length < 10; length += 1) if ((this.#take(1)[0] ?? 0) < 128) return;
    throw malformed('a number in it is too long');
  }

  #take(length: number): Buffer {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw malformed('a field in it is longer than what follows');
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }
}

function malformed(why: string): ServiceError {
  return new ServiceError('InvalidArgument', `the body has no envelope of proto-rpc: ${why}`, { executed: 'no' });
}

const methodTag = 0x0a;
const numberTag = 0x11;
const errorTag = 0x1a;
const nothing = Buffer.alloc(0);
