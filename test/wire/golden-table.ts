import { readPage, tableUnder } from '../documentation/page.js';

/** One frame of a golden row, in words. Bytes are in hexadecimal; what a type does not have is absent. */
export interface GoldenFrame {
  /** `CALL`; a number where the type is unknown to the page. */
  readonly type: string | number;
  /** The halves of the call's id; absent for frames about the connection. */
  readonly slot?: number;
  readonly turn?: number;
  readonly more?: boolean;
  readonly optional?: boolean;
  /** PING, PONG, LEARN, DATA, REST, and frames of unknown types. */
  readonly payload?: string;
  /** HELLO and WELCOME. */
  readonly json?: Readonly<Record<string, unknown>>;
  /** NAME. */
  readonly what?: 'endpoint' | 'key';
  readonly number?: number;
  readonly kind?: 'unary' | 'server' | 'client' | 'bidi';
  readonly name?: string;
  readonly reserved?: string;
  /** CALL. */
  readonly endpoint?: number;
  readonly timeLeftUs?: number;
  readonly request?: string;
  /** CALL, LEARN, and ERROR, where 255 is none. */
  readonly codec?: number;
  /** CALL, HEAD, REPLY: pairs of a key, or the number of one, and its value. */
  readonly metadata?: readonly (readonly [key: string | number, value: string])[];
  /** REPLY. */
  readonly reply?: string;
  /** ERROR, CANCEL, GOAWAY. */
  readonly code?: number;
  /** ERROR. */
  readonly executed?: 'no' | 'maybe' | 'yes';
  readonly record?: Readonly<Record<string, string>>;
  readonly details?: string;
  /** CREDIT. */
  readonly bytes?: number;
  /** GOAWAY. */
  readonly reason?: string;
}

/** One row of the bytes that the page allows. */
export interface GoldenRow {
  readonly id: string;
  readonly from: 'client' | 'server' | 'both';
  /** `frames`: without a segment around them; `segment`: in one segment; `preamble`: the first eight bytes. */
  readonly form: 'preamble' | 'segment' | 'frames';
  readonly what: string;
  readonly frames: readonly GoldenFrame[];
  readonly bytes: Buffer;
}

/** One row of the bytes that a server answers with GOAWAY 3. */
export interface RefusedRow {
  readonly id: string;
  /** `hello`: sent in place of HELLO, after the first eight bytes; `open`: sent after WELCOME. */
  readonly when: 'hello' | 'open';
  readonly what: string;
  /** In the clear, with its segment. */
  readonly bytes: Buffer;
}

/** The golden bytes of docs/wire/tenon-1.md that every encoder makes and every decoder reads. */
export function readGoldenTable(): readonly GoldenRow[] {
  return tableUnder(readPage(page), 'Allowed').map(([id = '', from, form, what = '', frames = '', bytes = '']) => ({
    id: plain(id),
    from: oneOf(from, 'client', 'server', 'both'),
    form: oneOf(form, 'preamble', 'segment', 'frames'),
    what,
    frames: JSON.parse(plain(frames)) as readonly GoldenFrame[],
    bytes: bytesOf(bytes),
  }));
}

/** The golden bytes that no side may send. */
export function readRefusedTable(): readonly RefusedRow[] {
  return tableUnder(readPage(page), 'Refused').map(([id = '', when, what = '', bytes = '']) => ({
    id: plain(id),
    when: oneOf(when, 'hello', 'open'),
    what,
    bytes: bytesOf(bytes),
  }));
}

const page = 'docs/wire/tenon-1.md';

/** A cell without its marks of code. */
function plain(cell: string): string {
  return cell.replace(/^`|`$/g, '');
}

function bytesOf(cell: string): Buffer {
  const digits = plain(cell);
  if (!/^[0-9a-f]{2}(?: [0-9a-f]{2})*$/.test(digits)) throw new Error(`${page}: "${cell}" is not bytes`);
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}

function oneOf<T extends string>(cell: string | undefined, ...known: readonly T[]): T {
  const found = known.find((one) => one === cell);
  if (found === undefined) throw new Error(`${page}: "${cell}" is none of ${known.join(', ')}`);
  return found;
}
