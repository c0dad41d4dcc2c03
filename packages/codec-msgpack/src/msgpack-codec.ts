import {
  Codec,
  type CodecCapabilities,
  type CodecLink,
  type CodecSession,
  type Provider,
  provide,
} from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { LinkedSession, type SessionParts } from './linked-session.js';
import { MessageReader, type ReadLimits } from './message-reader.js';
import { MessageWriter } from './message-writer.js';
import { msgpackDecoder } from './msgpack-decoder.js';
import { msgpackEncoder } from './msgpack-encoder.js';
import { RecordCodes } from './record-codes.js';
import { ShapeTable } from './shape-table.js';
import { maxAnnouncementElements } from './structure-limits.js';

export interface MsgpackCodecOptions {
  /**
   * How many arrays and maps may stand inside each other, when writing and when reading. Range 1 to 512. Deeper values
   * are refused with `InvalidArgument`, because everything that later walks a value by recursion would overflow.
   *
   * @defaultValue 64
   */
  readonly maxDepth?: number | undefined;
  /**
   * How many values a message may hold when reading, counting each element, each field and each array and map. Range 1
   * to 100,000,000. More is refused with `InvalidArgument`: a value of two bytes may take up to 200 in memory.
   *
   * @defaultValue 1_000_000
   */
  readonly maxElements?: number | undefined;
}

/**
 * MessagePack under `application/msgpack`: the compact format between Tenon nodes.
 *
 * Bytes, dates, `NaN`, the infinities and bigints of 64 bits survive; a bigint within ±2^53 comes back as a number. An
 * `undefined` field is left out, elsewhere `undefined` becomes `null`. What has no form is refused with
 * `InvalidArgument`: functions, symbols, maps, sets, promises, errors, cycles.
 *
 * @throws ServiceError `InvalidArgument` on an option out of range.
 */
export function msgpackCodec(options: MsgpackCodecOptions = {}): Provider<Codec> {
  const limits = resolveMsgpackCodecOptions(options);
  return provide(Codec, [], () => new MsgpackCodec(limits));
}

function resolveMsgpackCodecOptions(options: MsgpackCodecOptions): ReadLimits {
  return Object.freeze({
    maxDepth: checkedNumber('msgpackCodec.maxDepth', options.maxDepth, { min: 1, max: 512, fallback: 64 }),
    maxElements: checkedNumber('msgpackCodec.maxElements', options.maxElements, {
      min: 1,
      max: 100_000_000,
      fallback: 1_000_000,
    }),
  });
}

class MsgpackCodec implements Codec {
  readonly contentType = 'application/msgpack';
  readonly aliases: readonly string[] = Object.freeze(['application/x-msgpack', 'application/vnd.msgpack']);
  readonly capabilities: CodecCapabilities = Object.freeze({
    bytes: true,
    dates: true,
    bigints: true,
    nonFinite: true,
  });
  readonly links = true;
  readonly #parts: SessionParts;
  /** All connections that are not linked have one session: nothing that it keeps shows in what it writes and reads. */
  readonly #session: CodecSession;

  constructor(limits: ReadLimits) {
    const { maxDepth } = limits;
    const codes = new RecordCodes();
    const reader = new MessageReader(limits, codes);
    this.#parts = {
      maxDepth,
      codes,
      reader,
      encodeAnnouncement: msgpackEncoder(new MessageWriter(2, new ShapeTable(codes, 0))),
      announcementReader: new MessageReader({ maxDepth: 2, maxElements: maxAnnouncementElements }, codes),
    };
    const encode = msgpackEncoder(new MessageWriter(maxDepth, new ShapeTable(codes, maxUnlinkedShapes)));
    const decode = msgpackDecoder(reader);
    this.#session = Object.freeze({ encoder: () => encode, decoder: () => decode });
  }

  open(link?: CodecLink): CodecSession {
    return link?.linked === true ? new LinkedSession(this.#parts) : this.#session;
  }
}

/** Shapes that the shared session writes faster because it has met them before. */
const maxUnlinkedShapes = 256;
