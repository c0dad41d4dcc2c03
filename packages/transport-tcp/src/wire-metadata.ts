import { type Metadata, metadataLimits, noMetadata } from '@tenon/contract';
import { maxNameBytes, maxNamedKeys, namedKey, nameFrame } from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import { type PayloadCursor, writeVarint } from './payload-cursor.js';
import { ProtocolViolation } from './protocol-violation.js';

/**
 * Writes metadata in the sending direction of one connection, where each key is spelled out once.
 *
 * Most callers send the same object with all their calls: of a frozen one that comes again the bytes are kept.
 */
export class MetadataWriter {
  readonly #writer: FrameWriter;
  #numbers: Map<string, number> | undefined;
  #last: Metadata | undefined;
  #lastEntries = 0;
  #lastBytes: Buffer | undefined;

  constructor(writer: FrameWriter) {
    this.#writer = writer;
  }

  /** Tells the peer the keys that it does not know, in frames before the one that uses them. Returns how many there are. */
  announce(metadata: Metadata): number {
    if (metadata === noMetadata) return 0;
    if (metadata === this.#last && this.#lastBytes !== undefined) return this.#lastEntries;
    this.#numbers ??= new Map();
    const keys = Object.keys(metadata);
    for (const key of keys) {
      if (this.#numbers.size === maxNamedKeys || this.#numbers.has(key)) continue;
      const number = this.#numbers.size + 1;
      this.#numbers.set(key, number);
      writeName(this.#writer, namedKey, number, 0, key);
    }
    return keys.length;
  }

  /** Writes the entries into the open frame. */
  write(metadata: Metadata): void {
    if (metadata !== this.#last) {
      this.#writeAnew(metadata);
      this.#last = metadata;
      this.#lastBytes = undefined;
    } else if (this.#lastBytes !== undefined) writeBytes(this.#writer, this.#lastBytes);
    else this.#writeAgain(metadata);
  }

  /** The second time an object comes, a third is likely. */
  #writeAgain(metadata: Metadata): void {
    const writer = this.#writer;
    // Counted from where the frame begins, which stays where the buffer grows meanwhile.
    const before = writer.messageBytes;
    this.#lastEntries = this.#writeAnew(metadata);
    const bytes = writer.messageBytes - before;
    if (bytes > maxKeptBytes || !Object.isFrozen(metadata)) return;
    this.#lastBytes = Buffer.from(writer.buffer.subarray(writer.position - bytes, writer.position));
  }

  /** Returns how many entries there were. */
  #writeAnew(metadata: Metadata): number {
    const writer = this.#writer;
    let entries = 0;
    for (const key of Object.keys(metadata)) {
      const value = metadata[key] as string;
      const number = this.#numbers?.get(key);
      const valueBytes = Buffer.byteLength(value);
      writer.ensure(entryHeaderBytes + (number === undefined ? key.length : 0) + valueBytes);
      writeVarint(writer, number ?? 0);
      // Keys are HTTP tokens, so they are ASCII.
      if (number === undefined) writeText(writer, key, key.length);
      writeText(writer, value, valueBytes);
      entries += 1;
    }
    return entries;
  }
}

/**
 * Reads metadata in the receiving direction of one connection.
 *
 * Where the same bytes come again, as they do with most calls, what they were read as is given again. It is frozen from the
 * start, so that nothing that one handler does to it reaches another call.
 */
export class MetadataReader {
  readonly #keys: (string | undefined)[] = [];
  /** Made when it is needed: many connections are at rest from their beginning. */
  #last: Uint8Array | undefined;
  #lastBytes = 0;
  #lastEntries = 0;
  #lastRead: Metadata = noMetadata;

  /** A key that the peer named. */
  learn(number: number, key: string): void {
    if (number < 1 || number > maxNamedKeys) throw new ProtocolViolation(`a key with the number ${number}`);
    if (this.#keys[number] !== undefined) throw new ProtocolViolation(`a second key with the number ${number}`);
    checkKey(key);
    this.#keys[number] = key;
  }

  /** Reads so many entries. */
  read(cursor: PayloadCursor, entries: number): Metadata {
    if (entries === 0) return noMetadata;
    this.#last ??= new Uint8Array(maxKeptBytes);
    if (entries === this.#lastEntries && cursor.skip(this.#last, this.#lastBytes)) return this.#lastRead;
    const start = cursor.position;
    const metadata = Object.freeze(this.#readAnew(cursor, entries));
    this.#lastEntries = cursor.copyTo(this.#last, start) ? entries : 0;
    this.#lastBytes = cursor.position - start;
    this.#lastRead = metadata;
    return metadata;
  }

  #readAnew(cursor: PayloadCursor, entries: number): Metadata {
    if (entries > metadataLimits.maxEntries) throw new ProtocolViolation(`metadata of ${entries} entries`);
    const metadata: Record<string, string> = Object.create(null);
    let bytes = 0;
    for (let entry = 0; entry < entries; entry += 1) {
      const number = cursor.varint();
      const key = number === 0 ? checkKey(cursor.text(cursor.varint())) : this.#keys[number];
      if (key === undefined) throw new ProtocolViolation(`the metadata key ${number} was never named`);
      const valueBytes = cursor.varint();
      bytes += key.length + valueBytes;
      if (bytes > metadataLimits.maxBytes) throw new ProtocolViolation(`metadata of more than ${bytes} bytes`);
      const value = cursor.text(valueBytes);
      if (controlCharacter.test(value))
        throw new ProtocolViolation(`the metadata value of ${key} has control characters`);
      metadata[key] = value;
    }
    return metadata;
  }
}

/** One NAME frame. */
export function writeName(writer: FrameWriter, what: number, number: number, kind: number, name: string): void {
  writer.begin(nameFrame, 0);
  writer.ensure(nameHeaderBytes + name.length * 3);
  const { buffer, position } = writer;
  buffer[position] = what;
  buffer[position + 1] = number >>> 8;
  buffer[position + 2] = number;
  buffer[position + 3] = kind;
  writer.position = position + 4;
  writeText(writer, name, Buffer.byteLength(name));
  writer.end();
}

function writeBytes(writer: FrameWriter, bytes: Buffer): void {
  const { length } = bytes;
  writer.ensure(length);
  const { buffer, position } = writer;
  // They are few: a call of `set` would take longer.
  for (let index = 0; index < length; index += 1) buffer[position + index] = bytes[index] as number;
  writer.position = position + length;
}

function writeText(writer: FrameWriter, text: string, bytes: number): void {
  writeVarint(writer, bytes);
  writer.position += writer.buffer.write(text, writer.position);
}

function checkKey(key: string): string {
  if (key.length <= maxNameBytes && lowerToken.test(key)) return key;
  throw new ProtocolViolation('a metadata key that is no HTTP token in lower case');
}

const lowerToken = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
const controlCharacter = /[\u0000-\u0008\u000a-\u001f\u007f]/;
/** Sets of metadata that have more bytes are written and read anew each time. */
const maxKeptBytes = 256;
/** A key's number or length, and two varints. */
const entryHeaderBytes = 12;
const nameHeaderBytes = 8;
