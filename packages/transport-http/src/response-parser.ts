import { ServiceError } from '@tenon/contract';
import { chunkSize, fieldsOfHead, framingOf, saysClose } from './head-lines.js';
import type { HeaderFields } from './header-fields.js';

/** Takes a response as it is read. */
export interface ResponseReceiver {
  onHead(status: number, fields: HeaderFields): void;
  /**
   * A part of the body, `last` with the last part, which may be empty.
   *
   * @param chunk - is of use only until this returns.
   */
  onBody(chunk: Buffer, last: boolean): void;
  /** The response was read whole. @param reusable - whether another request may follow on its connection. */
  onComplete(reusable: boolean): void;
}

/**
 * Reads the responses of one HTTP/1.1 connection, one after another, strictly: what could be read in two ways (two
 * lengths, a length and chunks, a line that is folded or ends in a line feed alone) is refused, so that no proxy on the
 * way sees other responses than this.
 */
export class ResponseParser {
  readonly #receiver: ResponseReceiver;
  readonly #unasked: boolean;
  #state: State = State.Head;
  #head: Buffer = nothing;
  #headBytes = 0;
  /** What is left of a body of known length, or of a chunk. */
  #left = 0;
  #line = '';
  #trailerBytes = 0;
  #parsed: ParsedHead | undefined = undefined;

  /** @param unasked - whether one response may follow another by itself; else what follows is read by nobody. */
  constructor(receiver: ResponseReceiver, unasked = false) {
    this.#receiver = receiver;
    this.#unasked = unasked;
  }

  /** Whether a response has begun and is not there whole. */
  get amidst(): boolean {
    return this.#state !== State.Head || this.#headBytes > 0;
  }

  /**
   * Reads a chunk, and keeps no reference to it.
   *
   * @throws ServiceError where it is no HTTP, or not as strict as it should be. The connection is of no more use then.
   */
  read(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      switch (this.#state) {
        case State.Head:
          offset = this.#readHead(chunk, offset);
          break;
        case State.Length:
          offset = this.#readLength(chunk, offset);
          break;
        case State.UntilEnd:
          this.#receiver.onBody(offset === 0 ? chunk : chunk.subarray(offset), false);
          return;
        case State.ChunkData:
          offset = this.#readChunkData(chunk, offset);
          break;
        default:
          offset = this.#readLine(chunk, offset);
      }
    }
  }

  /** The connection was ended by the peer. Returns whether that was the end of a response. */
  end(): boolean {
    if (this.#state !== State.UntilEnd) return false;
    this.#receiver.onBody(nothing, true);
    this.#complete(false);
    return true;
  }

  #readHead(chunk: Buffer, offset: number): number {
    if (this.#headBytes === 0) {
      const end = chunk.indexOf(endOfHead, offset, 'latin1');
      if (end >= 0) {
        this.#onHead(chunk.toString('latin1', offset, end));
        return this.#afterHead(chunk, end + 4);
      }
    }
    const before = this.#headBytes;
    this.#keepHead(chunk, offset);
    const end = this.#head.subarray(0, this.#headBytes).indexOf(endOfHead, Math.max(0, before - 3), 'latin1');
    if (end < 0) {
      if (this.#headBytes > maxHeadBytes) throw noHttp(`its head is over ${maxHeadBytes} bytes`);
      if (this.#headBytes >= 5 && this.#head.toString('latin1', 0, 5) !== 'HTTP/')
        throw noHttp('it does not begin with HTTP');
      return chunk.length;
    }
    const text = this.#head.toString('latin1', 0, end);
    const next = offset + (end + 4 - before);
    this.#head = nothing;
    this.#headBytes = 0;
    this.#onHead(text);
    return this.#afterHead(chunk, next);
  }

  #keepHead(chunk: Buffer, offset: number): void {
    const needed = this.#headBytes + chunk.length - offset;
    if (needed > this.#head.length) {
      const grown = Buffer.allocUnsafe(Math.max(1_024, needed, this.#head.length * 2));
      this.#head.copy(grown, 0, 0, this.#headBytes);
      this.#head = grown;
    }
    chunk.copy(this.#head, this.#headBytes, offset);
    this.#headBytes = needed;
  }

  #onHead(text: string): void {
    // The responses of one peer often have the very same head, its date included.
    const parsed = this.#parsed?.text === text ? this.#parsed : parseHead(text);
    this.#parsed = parsed;
    const { status, fields } = parsed;
    if (status === 101) throw new ServiceError('Unavailable', 'the peer changed to another protocol, unasked');
    if (status < 200) return;
    this.#state = parsed.body;
    this.#left = parsed.length;
    this.#receiver.onHead(status, fields);
  }

  /** A response without a body is complete with its head. */
  #afterHead(chunk: Buffer, offset: number): number {
    if (this.#state === State.Length && this.#left === 0) {
      this.#receiver.onBody(nothing, true);
      this.#complete(offset === chunk.length);
    }
    return this.#checkedRest(chunk, offset);
  }

  #readLength(chunk: Buffer, offset: number): number {
    const end = Math.min(chunk.length, offset + this.#left);
    this.#left -= end - offset;
    const last = this.#left === 0;
    this.#receiver.onBody(chunk.subarray(offset, end), last);
    if (last) this.#complete(end === chunk.length);
    return this.#checkedRest(chunk, end);
  }

  #readChunkData(chunk: Buffer, offset: number): number {
    const end = Math.min(chunk.length, offset + this.#left);
    this.#left -= end - offset;
    if (end > offset) this.#receiver.onBody(chunk.subarray(offset, end), false);
    if (this.#left === 0) this.#state = State.ChunkEnd;
    return end;
  }

  #readLine(chunk: Buffer, offset: number): number {
    const end = chunk.indexOf(lineFeed, offset);
    const stop = end < 0 ? chunk.length : end + 1;
    this.#line += chunk.toString('latin1', offset, stop);
    if (this.#line.length > maxLineBytes) throw noHttp(`a line between its chunks is over ${maxLineBytes} bytes`);
    if (end < 0) return stop;
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r\n')) throw noHttp('a line ends in a line feed alone');
    this.#onLine(line.slice(0, -2));
    if (this.#state !== State.Head) return stop;
    this.#receiver.onBody(nothing, true);
    this.#complete(stop === chunk.length);
    return this.#checkedRest(chunk, stop);
  }

  #onLine(line: string): void {
    if (this.#state === State.ChunkSize) {
      this.#left = chunkSize(line, noHttp);
      this.#state = this.#left === 0 ? State.Trailers : State.ChunkData;
    } else if (this.#state === State.ChunkEnd) {
      if (line !== '') throw noHttp('a chunk is longer than its size');
      this.#state = State.ChunkSize;
    } else {
      this.#trailerBytes += line.length;
      if (this.#trailerBytes > maxHeadBytes) throw noHttp(`its trailers are over ${maxHeadBytes} bytes`);
      if (line === '') this.#state = State.Head;
    }
  }

  /** @param alone - whether nothing follows in the same chunk; what follows was not asked for. */
  #complete(alone: boolean): void {
    this.#state = State.Head;
    this.#trailerBytes = 0;
    this.#receiver.onComplete(alone && this.#parsed?.keepAlive === true);
  }

  /** What follows a complete response belongs to nobody: its connection is not used again. */
  #checkedRest(chunk: Buffer, offset: number): number {
    return !this.#unasked && this.#state === State.Head && this.#parsed !== undefined && this.#parsed.status >= 200
      ? chunk.length
      : offset;
  }
}

/** What is read next. */
const State = Object.freeze({
  Head: 0,
  Length: 1,
  UntilEnd: 2,
  ChunkSize: 3,
  ChunkData: 4,
  ChunkEnd: 5,
  Trailers: 6,
});
type State = (typeof State)[keyof typeof State];

interface ParsedHead {
  readonly text: string;
  readonly status: number;
  readonly fields: HeaderFields;
  readonly body: State;
  /** Of a body whose length is known. */
  readonly length: number;
  readonly keepAlive: boolean;
}

function parseHead(text: string): ParsedHead {
  const statusLine = /^HTTP\/1\.([01]) (\d{3})(?: |\r|$)/.exec(text);
  if (statusLine === null) throw noHttp('it has no status line');
  const fields = fieldsOfHead(text, noHttp);
  const status = Number(statusLine[2]);
  const { body, length } = bodyOf(status, framingOf(fields, noHttp));
  const keepAlive = statusLine[1] === '1' && body !== State.UntilEnd && !saysClose(fields.connection);
  return { text, status, fields, body, length, keepAlive };
}

function bodyOf(
  status: number,
  framing: number | 'chunked' | undefined,
): { readonly body: State; readonly length: number } {
  if (status < 200 || status === 204 || status === 304) return { body: State.Length, length: 0 };
  if (framing === 'chunked') return { body: State.ChunkSize, length: 0 };
  if (framing === undefined) return { body: State.UntilEnd, length: 0 };
  return { body: State.Length, length: framing };
}

function noHttp(why: string): ServiceError {
  return new ServiceError('Internal', `the peer answered with what is no HTTP: ${why}`);
}

const nothing = Buffer.alloc(0);
const endOfHead = '\r\n\r\n';
const lineFeed = 10;

/** go-micro puts whole errors into header fields. */
const maxHeadBytes = 64 * 1_024;
const maxLineBytes = 1_024;
