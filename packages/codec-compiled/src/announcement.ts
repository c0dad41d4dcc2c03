import { ServiceError } from '@tenon/contract';

/** What one entry of an announcement says. */
export type Entry =
  /** The writer's layout of that number has that hash. */
  | { readonly kind: 'offer'; readonly number: number; readonly hash: string }
  /** The writer's layout of that number, whole. */
  | { readonly kind: 'layout'; readonly number: number; readonly start: number; readonly end: number }
  /** About a layout that the other side offered. */
  | { readonly kind: 'accepted' | 'wanted' | 'refused'; readonly number: number }
  /** What the plain codec announces. */
  | { readonly kind: 'plain'; readonly start: number; readonly end: number };

/** Layouts that each side may number on one connection, from 1 on. */
export const maxNumber = 256;
const hashBytes = 16;

const codes = Object.freeze({ offer: 0x01, layout: 0x02, accepted: 0x03, wanted: 0x04, refused: 0x05, plain: 0x06 });

export function offerEntry(number: number, hash: string): Buffer {
  return Buffer.concat([head(codes.offer, number), Buffer.from(hash, 'hex')]);
}

export function layoutEntry(number: number, layout: Uint8Array): Buffer {
  return Buffer.concat([head(codes.layout, number), size(layout.length), layout]);
}

export function answerEntry(answer: 'accepted' | 'wanted' | 'refused', number: number): Buffer {
  return head(codes[answer], number);
}

export function plainEntry(news: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(codes.plain), size(news.length), news]);
}

/**
 * The entries of an announcement, read one by one.
 *
 * @throws ServiceError `InvalidArgument` on anything that is none.
 */
export function* readEntries(buffer: Uint8Array, start: number, end: number): Generator<Entry> {
  let position = start;
  const need = (bytes: number): number => {
    if (bytes > end - position) throw malformed('it is cut short');
    position += bytes;
    return position - bytes;
  };
  const number16 = (): number => {
    const at = need(2);
    return ((buffer[at] as number) << 8) | (buffer[at + 1] as number);
  };
  const sized = (): { readonly start: number; readonly end: number } => {
    const bytes = number16();
    return { start: need(bytes), end: position };
  };
  if (start === end) throw malformed('it is empty');
  while (position < end) {
    const code = buffer[need(1)] as number;
    const kind = kinds.get(code);
    if (kind === undefined) throw malformed(`it has an entry of the kind ${code}`);
    if (kind === 'plain') {
      yield { kind, ...sized() };
      continue;
    }
    const number = number16();
    if (number < 1 || number > maxNumber) throw malformed(`it speaks of the layout ${number}`);
    if (kind === 'offer') {
      const at = need(hashBytes);
      yield { kind, number, hash: Buffer.from(buffer.subarray(at, at + hashBytes)).toString('hex') };
    } else if (kind === 'layout') yield { kind, number, ...sized() };
    else yield { kind, number };
  }
}

export function malformed(what: string): ServiceError {
  return new ServiceError('InvalidArgument', `malformed compiled data: ${what}`, { executed: 'no' });
}

function head(code: number, number: number): Buffer {
  return Buffer.of(code, number >> 8, number);
}

function size(bytes: number): Buffer {
  return Buffer.of(bytes >> 8, bytes);
}

const kinds: ReadonlyMap<number, Entry['kind']> = new Map(
  Object.entries(codes).map(([kind, code]) => [code, kind as Entry['kind']]),
);
