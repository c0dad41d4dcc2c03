import { Buffer } from 'node:buffer';
import type { WholeRequestHead } from '@tenon/contract';

/** How much of a head is read before it is left to others. */
export interface PlainHeadLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

/** A head as its connection remembers it: what stands between the two values that differ from request to request. */
export interface PlainHead extends WholeRequestHead {
  /** Whether the peer wants the connection to end with the answer. */
  readonly close: boolean;
  /** The text before, between and behind the values. */
  readonly pieces: readonly string[];
  /** Which value stands behind each piece but the last. */
  readonly values: readonly ('length' | 'varying')[];
}

/**
 * Reads the heads of one HTTP/1.1 connection, as far as they are plain: a `POST` with a body of known length, and nothing
 * in its head that could be read in two ways or asks for anything special. Whatever else it is, right or wrong, is not
 * judged here: it is Node's parser's to serve or to refuse.
 *
 * The heads of one peer mostly differ in two values, so the last one is kept and compared before one is read anew.
 */
export class PlainHeads {
  /** Of the head that was read last: the length of its body. */
  length = 0;
  /** Of the head that was read last: the value of the field that varies. */
  varying: string | undefined = undefined;
  readonly #limits: PlainHeadLimits;
  readonly #varying: string;
  #known: PlainHead | undefined = undefined;

  /** @param varying - the name of the field whose value varies, in lower case. */
  constructor(limits: PlainHeadLimits, varying: string) {
    this.#limits = limits;
    this.#varying = varying;
  }

  /**
   * @param text - the head in latin1, with the end of its last line, without the empty one.
   * @returns undefined where it is not plain.
   */
  read(text: string): PlainHead | undefined {
    const known = this.#known;
    if (known !== undefined && this.#isLike(known, text)) return known;
    if (text.length > this.#limits.maxHeaderBytes) return undefined;
    // A large one is not worth its room on each of many thousand connections, nor is what it was cut out of.
    const head = this.#parse(text.length <= keptBytes ? Buffer.from(text, 'latin1').toString('latin1') : text);
    this.#known = text.length <= keptBytes ? head : undefined;
    return head;
  }

  /**
   * Whether a head differs from a known one in nothing but the two values, which are taken from it. (A slice is compared as
   * memory, `startsWith` goes by characters: a fifth of the time.)
   */
  #isLike({ pieces, values }: PlainHead, text: string): boolean {
    let at = 0;
    let varying: string | undefined;
    for (let index = 0; index < values.length; index += 1) {
      const piece = pieces[index] ?? '';
      const start = at + piece.length;
      if (text.slice(at, start) !== piece) return false;
      at = start;
      const end = text.indexOf('\r', at);
      if (values[index] === 'length') {
        const length = lengthAt(text, at, end);
        if (length < 0) return false;
        this.length = length;
      } else {
        if (!isVisible(text, at, end)) return false;
        varying = text.slice(at, end);
      }
      at = end;
    }
    if (text.slice(at) !== pieces[values.length]) return false;
    this.varying = varying;
    return true;
  }

  #parse(text: string): PlainHead | undefined {
    const firstEnd = text.indexOf('\r\n');
    const path = requestLine.exec(text.slice(0, firstEnd))?.[1];
    if (path === undefined) return undefined;
    const draft = new Draft(text, this.#varying);
    let lines = 0;
    for (let start = firstEnd + 2; start < text.length; lines += 1) {
      const end = text.indexOf('\r\n', start);
      if (lines === this.#limits.maxHeaders || !draft.add(start, end)) return undefined;
      start = end + 2;
    }
    const head = draft.head(path);
    if (head !== undefined) {
      this.length = draft.length;
      this.varying = draft.varying;
    }
    return head;
  }
}

/** A head that is being read, line by line. */
class Draft {
  length = -1;
  varying: string | undefined = undefined;
  readonly #text: string;
  readonly #varying: string;
  readonly #fields: string[] = [];
  readonly #pieces: string[] = [];
  readonly #values: ('length' | 'varying')[] = [];
  #pieceStart = 0;
  #hosts = 0;
  #connection: string | undefined = undefined;

  constructor(text: string, varying: string) {
    this.#text = text;
    this.#varying = varying;
  }

  /** Takes a line. Returns false where no plain head has it. */
  add(start: number, end: number): boolean {
    const [, given, value] = fieldLine.exec(this.#text.slice(start, end)) ?? [];
    if (given === undefined || value === undefined) return false;
    const name = given.toLowerCase();
    if (name === 'content-length') return this.#addLength(end - value.length, end);
    if (name === this.#varying) return this.#addVarying(value, end);
    if (special.has(name)) return false;
    if (name === 'connection') {
      if (this.#connection !== undefined) return false;
      this.#connection = value.toLowerCase();
    }
    if (name === 'host') this.#hosts += 1;
    this.#fields.push(name, value);
    return true;
  }

  head(path: string): PlainHead | undefined {
    const connection = this.#connection ?? 'keep-alive';
    const close = connection === 'close';
    if (this.length < 0 || this.#hosts !== 1 || !(close || connection === 'keep-alive')) return undefined;
    const pieces = [...this.#pieces, this.#text.slice(this.#pieceStart)];
    return { path, fields: this.#fields, understood: undefined, close, pieces, values: this.#values };
  }

  #addLength(start: number, end: number): boolean {
    if (this.length >= 0) return false;
    this.length = lengthAt(this.#text, start, end);
    this.#cut('length', start, end);
    return this.length >= 0;
  }

  #addVarying(value: string, end: number): boolean {
    if (this.varying !== undefined || !isVisible(value, 0, value.length)) return false;
    this.varying = value;
    this.#cut('varying', end - value.length, end);
    return true;
  }

  #cut(value: 'length' | 'varying', start: number, end: number): void {
    this.#pieces.push(this.#text.slice(this.#pieceStart, start));
    this.#values.push(value);
    this.#pieceStart = end;
  }
}

/** The number that 1 to 9 digits are; -1 where they are none. */
function lengthAt(text: string, start: number, end: number): number {
  if (end <= start || end - start > 9) return -1;
  let length = 0;
  for (let index = start; index < end; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}

/** Whether there is a value and nothing but visible ASCII in it, so that it can be neither cut nor trimmed in two ways. */
function isVisible(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x21 || code > 0x7e) return false;
  }
  return end > start;
}

/** A path of which every parser thinks the same. */
const requestLine = /^POST (\/[A-Za-z0-9_$.:@+~%/-]*) HTTP\/1\.1$/;
/** A value without white space at its edges, which parsers differ about less than about what is to be stripped. */
const fieldLine =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)$/;

/** Fields that change what a message is, or what becomes of its connection. */
const special: ReadonlySet<string> = new Set([
  'expect',
  'http2-settings',
  'proxy-connection',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const keptBytes = 1_024;
