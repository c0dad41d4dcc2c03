import type { Schema } from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';
import { frame, frameType } from './frames.js';
import { eventsType, framesOf, linesType, type StreamForm } from './stream-form.js';

/** How the messages of one stream, and its end, become bytes. */
export interface StreamEncoding {
  readonly contentType: string;
  /** What may be sent at any time to show that the stream lives; undefined where the form has nothing such. */
  readonly heartbeat: Buffer | undefined;
  /** @throws ServiceError where the message cannot be encoded or is over `maxBytes`. */
  message(value: unknown, schema: Schema | undefined, maxBytes: number): Buffer;
  /** The end of a stream that is complete. Empty where the end of the body says it. */
  end(): Buffer;
  /** @param record - the error's record in JSON. */
  error(record: Buffer): Buffer;
}

/** @param type - the media type of each message, as the caller named it. */
export function streamEncoding(form: StreamForm, codec: OpenCodec, type: string): StreamEncoding {
  if (form === 'frames') return new FrameEncoding(codec, type);
  return form === 'lines' ? new LineEncoding(codec) : new EventEncoding(codec);
}

/** Length-prefixed messages in any codec. */
class FrameEncoding implements StreamEncoding {
  readonly contentType: string;
  readonly heartbeat = undefined;
  readonly #codec: OpenCodec;

  constructor(codec: OpenCodec, type: string) {
    this.contentType = framesOf(type);
    this.#codec = codec;
  }

  message(value: unknown, schema: Schema | undefined, maxBytes: number): Buffer {
    return frame(frameType.message, this.#codec.encode(value, schema, maxBytes));
  }

  end(): Buffer {
    return frame(frameType.end, nothing);
  }

  error(record: Buffer): Buffer {
    return frame(frameType.end, record);
  }
}

/**
 * NDJSON: a value on each line. An error is told after an empty line, which no message is, so that a message that looks
 * like an error is not taken for one.
 */
class LineEncoding implements StreamEncoding {
  readonly contentType = linesType;
  readonly heartbeat = undefined;
  readonly #codec: OpenCodec;

  constructor(codec: OpenCodec) {
    this.#codec = codec;
  }

  message(value: unknown, schema: Schema | undefined, maxBytes: number): Buffer {
    return Buffer.concat([oneLine(this.#codec.encode(value, schema, maxBytes)), lineFeed]);
  }

  end(): Buffer {
    return nothing;
  }

  error(record: Buffer): Buffer {
    return Buffer.concat([Buffer.from('\n{"error":'), record, Buffer.from('}\n')]);
  }
}

/**
 * Server-sent events: a message is an event without a name; `end` and `error` are named.
 *
 * The first event has an id, so that a client that lost its connection says so when it asks again (`Last-Event-ID`) and
 * can be told to stop: the call would run a second time.
 */
class EventEncoding implements StreamEncoding {
  readonly contentType = eventsType;
  readonly heartbeat = comment;
  readonly #codec: OpenCodec;
  #begun = false;

  constructor(codec: OpenCodec) {
    this.#codec = codec;
  }

  message(value: unknown, schema: Schema | undefined, maxBytes: number): Buffer {
    return this.#event('', oneLine(this.#codec.encode(value, schema, maxBytes)));
  }

  end(): Buffer {
    return this.#event('event: end\n', emptyObject);
  }

  error(record: Buffer): Buffer {
    return this.#event('event: error\n', record);
  }

  #event(name: string, data: Buffer): Buffer {
    const id = this.#begun ? '' : 'id: 0\n';
    this.#begun = true;
    return Buffer.concat([Buffer.from(`${id}${name}data: `), data, endOfEvent]);
  }
}

/** JSON has line breaks only where white space may be. */
function oneLine(json: Buffer): Buffer {
  if (!json.includes(10) && !json.includes(13)) return json;
  return Buffer.from(json.map((byte) => (byte === 10 || byte === 13 ? 32 : byte)));
}

const nothing = Buffer.alloc(0);
const lineFeed = Buffer.from('\n');
const endOfEvent = Buffer.from('\n\n');
const emptyObject = Buffer.from('{}');
const comment = Buffer.from(':\n\n');
