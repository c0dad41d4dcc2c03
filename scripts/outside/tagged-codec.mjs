import { Codec, provide, ServiceError } from '@tenon/contract';

/** @import { CodecSession, Sink } from '@tenon/contract' */

/** A codec that writes one letter before each value: `{s4:names3:Ada}`. @returns a provider */
export const taggedCodec = () => provide(Codec, [], () => new TaggedCodec());

/** @implements {Codec} */
export class TaggedCodec {
  contentType = 'application/vnd.outside.tagged';
  /** @type {readonly string[]} */
  aliases = [];
  capabilities = { bytes: true, dates: true, bigints: true, nonFinite: true };

  /** @returns {CodecSession} */
  open() {
    return {
      encoder: () => (value, sink) => write(value, sink, 0),
      decoder: () => (buffer, start, end) => new Reader(buffer, start, end).whole(),
    };
  }
}

const maxDepth = 64;

/**
 * @param {unknown} value
 * @param {Sink} sink
 * @param {number} depth the containers around the value
 */
function write(value, sink, depth) {
  if (value === null || value === undefined) put(sink, 'z');
  else if (typeof value === 'boolean') put(sink, value ? 't' : 'f');
  else if (typeof value === 'number') put(sink, `n${value};`);
  else if (typeof value === 'bigint') put(sink, `i${value};`);
  else if (typeof value === 'string') putBytes(sink, 's', Buffer.from(value));
  else if (typeof value !== 'object') throw refused(`a ${typeof value} has no tag`);
  else if (value instanceof Date) put(sink, `d${value.getTime()};`);
  else if (value instanceof Uint8Array) putBytes(sink, 'b', value);
  else if (depth === maxDepth) throw refused(`the value is nested deeper than ${maxDepth}`);
  else if (Array.isArray(value)) {
    put(sink, '[');
    for (const item of value) write(item, sink, depth + 1);
    put(sink, ']');
  } else {
    put(sink, '{');
    for (const [key, field] of Object.entries(value)) {
      if (field === undefined) continue;
      putBytes(sink, 's', Buffer.from(key));
      write(field, sink, depth + 1);
    }
    put(sink, '}');
  }
}

/** @param {Sink} sink @param {string} text of ASCII */
function put(sink, text) {
  sink.ensure(text.length);
  sink.position += sink.buffer.write(text, sink.position, 'latin1');
}

/** @param {Sink} sink @param {string} tag @param {Uint8Array} bytes */
function putBytes(sink, tag, bytes) {
  put(sink, `${tag}${bytes.length}:`);
  sink.ensure(bytes.length);
  sink.buffer.set(bytes, sink.position);
  sink.position += bytes.length;
}

/** Reads one value from a part of a buffer. */
class Reader {
  #bytes;
  #position = 0;

  /** @param {Uint8Array} buffer @param {number} start @param {number} end */
  constructor(buffer, start, end) {
    this.#bytes = Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start);
  }

  whole() {
    const value = this.#value(0);
    if (this.#position < this.#bytes.length) throw refused(`bytes after the value, from byte ${this.#position}`);
    return value;
  }

  /** @param {number} depth @returns {unknown} */
  #value(depth) {
    const tag = this.#next();
    if (tag === 'z') return null;
    if (tag === 't' || tag === 'f') return tag === 't';
    if (tag === 'n') return Number(this.#until(';', numeric));
    if (tag === 'i') return BigInt(this.#until(';', whole));
    if (tag === 'd') return new Date(Number(this.#until(';', numeric)));
    if (tag === 's') return this.#content().toString('utf8');
    if (tag === 'b') return Buffer.from(this.#content());
    if (depth === maxDepth) throw refused(`nested deeper than ${maxDepth}, at byte ${this.#position}`);
    if (tag === '[') return this.#list(depth + 1);
    if (tag === '{') return this.#record(depth + 1);
    throw refused(`no tag at byte ${this.#position - 1}`);
  }

  /** @param {number} depth */
  #list(depth) {
    const list = [];
    while (!this.#ends(']')) list.push(this.#value(depth));
    return list;
  }

  /** Without a prototype, a key named `__proto__` is a key like any other. @param {number} depth */
  #record(depth) {
    const record = Object.create(null);
    while (!this.#ends('}')) {
      if (this.#next() !== 's') throw refused(`no key at byte ${this.#position - 1}`);
      const key = this.#content().toString('utf8');
      record[key] = this.#value(depth);
    }
    return record;
  }

  /** @param {string} tag */
  #ends(tag) {
    const isEnd = this.#bytes[this.#position] === tag.charCodeAt(0);
    if (isEnd) this.#position += 1;
    return isEnd;
  }

  #next() {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw refused(`cut short at byte ${this.#position}`);
    this.#position += 1;
    return String.fromCharCode(byte);
  }

  /** The bytes of a claimed length, which is compared with what is there before anything is made of it. */
  #content() {
    const length = Number(this.#until(':', /^\d{1,10}$/));
    if (length > this.#bytes.length - this.#position) throw refused(`${length} bytes claimed at ${this.#position}`);
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }

  /** @param {string} mark @param {RegExp} form */
  #until(mark, form) {
    const end = this.#bytes.indexOf(mark, this.#position);
    const text = this.#bytes.toString('latin1', this.#position, Math.min(end, this.#position + maxNumberLength));
    if (end < 0 || end > this.#position + maxNumberLength || !form.test(text)) {
      throw refused(`no number at byte ${this.#position}`);
    }
    this.#position = end + 1;
    return text;
  }
}

const maxNumberLength = 400;
const numeric = /^(?:NaN|-?Infinity|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const whole = /^-?\d+$/;

/** @param {string} why */
function refused(why) {
  return new ServiceError('InvalidArgument', `tagged: ${why}`, { executed: 'no' });
}
