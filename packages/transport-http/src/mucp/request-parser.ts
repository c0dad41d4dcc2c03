import { ServiceError } from '@tenon/contract';
import { chunkSize, fieldsOfHead, framingOf, saysClose } from '../head-lines.js';
import type { HeaderFields } from '../header-fields.js';

/** One request as go-micro's transport sees it: any method and path mean the same. */
export interface MucpMessage {
  readonly fields: HeaderFields;
  readonly body: Buffer;
  /** Whether the peer sends no further one. */
  readonly last: boolean;
}

/** What a {@link RequestParser} may be made to hold, in bytes. */
export interface RequestLimits {
  readonly maxHeadBytes: number;
  readonly maxBodyBytes: number;
}

/**
 * Reads the requests of one HTTP/1.1 connection, one after another and answered or not, each whole: in go-micro's streams
 * requests and responses are not paired, which Node's own server insists on.
 *
 * As strict as the parser of responses: what could be read in two ways is refused. Works in one pass, with no recursion;
 * never holds more than one request, and makes room as bytes come, not by what a head claims.
 */
export class RequestParser {
  readonly #onMessage: (message: MucpMessage) => void;
  readonly #limits: RequestLimits;
  #state: State = State.Head;
  #stopped = false;
  #head: Grown;
  #body: Grown;
  #fields: HeaderFields | undefined = undefined;
  #last = false;
  /** What is left of a body of known length, or of a chunk. */
  #left = 0;
  #line = '';
  #trailerBytes = 0;

  constructor(onMessage: (message: MucpMessage) => void, limits: RequestLimits) {
    this.#onMessage = onMessage;
    this.#limits = limits;
    this.#head = new Grown();
    this.#body = new Grown();
  }

  /** Whether a request has begun and is not there whole. */
  get amidst(): boolean {
    return this.#state !== State.Head || this.#head.length > 0;
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Reads a chunk, and keeps no reference to it.
   *
   * @throws ServiceError `InvalidArgument` where it is no HTTP or not as strict as it should be, `ResourceExhausted` over a
   * limit. The connection is of no more use then.
   */
  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      if (this.#state === State.Head) at = this.#readHead(chunk, at);
      else if (this.#state === State.Length || this.#state === State.ChunkData) at = this.#readBody(chunk, at);
      else at = this.#readLine(chunk, at);
    }
  }

  #readHead(chunk: Buffer, at: number): number {
    const { maxHeadBytes } = this.#limits;
    const before = this.#head.length;
    if (before === 0) {
      // Most heads come whole.
      const whole = chunk.indexOf(endOfHead, at, 'latin1');
      if (whole >= 0 && whole - at <= maxHeadBytes) {
        this.#onHead(chunk.toString('latin1', at, whole));
        return whole + 4;
      }
    }
    const room = maxHeadBytes + 4 - before;
    this.#head.add(chunk, at, Math.min(chunk.length, at + room));
    const end = this.#head.indexOf(endOfHead, Math.max(0, before - 3));
    if (end < 0) {
      if (this.#head.length < maxHeadBytes + 4) return chunk.length;
      throw new ServiceError('ResourceExhausted', `a head is over ${maxHeadBytes} bytes`, { executed: 'no' });
    }
    const text = this.#head.text(end);
    this.#head.clear();
    this.#onHead(text);
    return at + end + 4 - before;
  }

  #onHead(text: string): void {
    const version = requestLine.exec(text)?.[1];
    if (version === undefined) throw noHttp('it has no request line');
    const fields = fieldsOfHead(text, noHttp);
    const framing = framingOf(fields, noHttp);
    if (framing === 'chunked' && version === '0') throw noHttp('HTTP/1.0 has no chunks');
    this.#fields = fields;
    this.#last = version === '0' || saysClose(fields.connection);
    if (framing === 'chunked') {
      this.#state = State.ChunkSize;
      return;
    }
    this.#left = framing ?? 0;
    this.#checkBody();
    if (this.#left === 0) this.#complete();
    else this.#state = State.Length;
  }

  #readBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    this.#body.add(chunk, at, end);
    this.#left -= end - at;
    if (this.#left > 0) return end;
    if (this.#state === State.Length) this.#complete();
    else this.#state = State.ChunkEnd;
    return end;
  }

  #readLine(chunk: Buffer, at: number): number {
    const feed = chunk.indexOf(lineFeed, at);
    const stop = feed < 0 ? chunk.length : feed + 1;
    this.#line += chunk.toString('latin1', at, Math.min(stop, at + maxLineBytes + 1));
    if (this.#line.length > maxLineBytes) throw noHttp(`a line between its chunks is over ${maxLineBytes} bytes`);
    if (feed < 0) return stop;
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r\n')) throw noHttp('a line ends in a line feed alone');
    this.#onLine(line.slice(0, -2));
    return stop;
  }

  #onLine(line: string): void {
    if (this.#state === State.ChunkSize) {
      this.#left = chunkSize(line, noHttp);
      this.#checkBody();
      this.#state = this.#left === 0 ? State.Trailers : State.ChunkData;
    } else if (this.#state === State.ChunkEnd) {
      if (line !== '') throw noHttp('a chunk is longer than its size');
      this.#state = State.ChunkSize;
    } else if (line === '') this.#complete();
    else {
      this.#trailerBytes += line.length;
      if (this.#trailerBytes > this.#limits.maxHeadBytes) throw noHttp('its trailers are too long');
    }
  }

  #checkBody(): void {
    const { maxBodyBytes } = this.#limits;
    if (this.#body.length + this.#left <= maxBodyBytes) return;
    throw new ServiceError('ResourceExhausted', `the request is over the limit of ${maxBodyBytes} bytes`, {
      executed: 'no',
    });
  }

  #complete(): void {
    const fields = this.#fields;
    const body = this.#body.take();
    this.#fields = undefined;
    this.#trailerBytes = 0;
    this.#state = State.Head;
    if (fields !== undefined) this.#onMessage({ fields, body, last: this.#last });
  }
}

/** Bytes that come piece by piece, in one buffer that doubles: linear time, whatever the pieces are. */
class Grown {
  length = 0;
  #bytes = nothing;

  add(chunk: Buffer, start: number, end: number): void {
    const needed = this.length + end - start;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(leastBytes, needed, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.length);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.length, start, end);
    this.length = needed;
  }

  indexOf(text: string, from: number): number {
    return this.#bytes.subarray(0, this.length).indexOf(text, from, 'latin1');
  }

  text(end: number): string {
    return this.#bytes.toString('latin1', 0, end);
  }

  clear(): void {
    this.length = 0;
    if (this.#bytes.length > leastBytes) this.#bytes = nothing;
  }

  /** The bytes, which are the taker's from here on. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = nothing;
    this.length = 0;
    return taken;
  }
}

/** What is read next. */
const State = Object.freeze({ Head: 0, Length: 1, ChunkSize: 2, ChunkData: 3, ChunkEnd: 4, Trailers: 5 });
type State = (typeof State)[keyof typeof State];

function noHttp(why: string): ServiceError {
  return new ServiceError('InvalidArgument', `a request is no HTTP: ${why}`, { executed: 'no' });
}

const nothing = Buffer.alloc(0);
const leastBytes = 1_024;
const endOfHead = '\r\n\r\n';
const lineFeed = 10;
const maxLineBytes = 1_024;
const requestLine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32} [\x21-\x7e\x80-\xff]+ HTTP\/1\.([01])(?:\r|$)/;
