import { type CodecSession, type Decoder, type Encoder, ServiceError } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import type { MessageReader } from './message-reader.js';
import { MessageWriter } from './message-writer.js';
import { asBuffer, msgpackDecoder } from './msgpack-decoder.js';
import { msgpackEncoder } from './msgpack-encoder.js';
import type { RecordCodes } from './record-codes.js';
import { ShapeTable } from './shape-table.js';
import { maxAnnouncementBytes, structureLimits } from './structure-limits.js';
import { StructureList } from './structure-list.js';

/** What the sessions of a codec have in common. */
export interface SessionParts {
  readonly maxDepth: number;
  readonly codes: RecordCodes;
  /** Reads values. */
  readonly reader: MessageReader;
  /** Writes and reads announcements. */
  readonly encodeAnnouncement: Encoder;
  readonly announcementReader: MessageReader;
}

/** One end of a connection whose other end has such a session too: names that were announced are not sent again. */
export class LinkedSession implements CodecSession {
  readonly #writer: MessageWriter;
  readonly #structures: StructureList;
  readonly #encode: Encoder;
  readonly #decode: Decoder;
  readonly #encodeAnnouncement: Encoder;
  readonly #announcementReader: MessageReader;

  constructor({ maxDepth, codes, reader, encodeAnnouncement, announcementReader }: SessionParts) {
    this.#writer = new MessageWriter(maxDepth, new ShapeTable(codes, structureLimits.maxStructures));
    this.#structures = new StructureList(codes);
    this.#announcementReader = announcementReader;
    this.#encodeAnnouncement = encodeAnnouncement;
    this.#encode = msgpackEncoder(this.#writer);
    this.#decode = msgpackDecoder(reader, this.#structures);
  }

  encoder(): Encoder {
    return this.#encode;
  }

  decoder(): Decoder {
    return this.#decode;
  }

  announce(): Uint8Array | undefined {
    const shapes = this.#writer.announce();
    if (shapes === undefined) return undefined;
    const sink = new BufferSink();
    this.#encodeAnnouncement([shapes[0]?.number, ...shapes.map(({ names }) => names)], sink);
    return sink.bytes();
  }

  learn(buffer: Uint8Array, start: number, end: number): void {
    // More could not be learned, and is not made into strings first.
    if (end - start > maxAnnouncementBytes) {
      const message = `refused MessagePack: an announcement of more than ${maxAnnouncementBytes} bytes`;
      throw new ServiceError('InvalidArgument', message, { executed: 'no' });
    }
    this.#structures.learn(this.#announcementReader.read(asBuffer(buffer), start, end));
  }
}
