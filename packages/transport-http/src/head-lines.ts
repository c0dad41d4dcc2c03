import type { ServiceError } from '@tenon/contract';
import { HeaderFields } from './header-fields.js';

/** The error for a message that is no HTTP/1.1, or could be read in two ways. */
export type Refusal = (why: string) => ServiceError;

/**
 * Reads the fields of an HTTP/1.1 head, strictly: no line that is folded or ends in a line feed alone, no control
 * character, no field without a name.
 *
 * @param text - the whole head in latin1, its first line included, without the empty line.
 * @throws what `refuse` makes.
 */
export function fieldsOfHead(text: string, refuse: Refusal): HeaderFields {
  if (ambiguous.test(text)) throw refuse('its head has a character or a line that no head has');
  const fields = new HeaderFields();
  for (let start = text.indexOf('\r\n'); start >= 0; start = text.indexOf('\r\n', start + 2)) {
    const end = text.indexOf('\r\n', start + 2);
    addLine(fields, text.slice(start + 2, end < 0 ? text.length : end), refuse);
  }
  return fields;
}

/**
 * How the body of a message is delimited: by a length, by chunks, or not at all.
 *
 * @throws what `refuse` makes, where it could be read in two ways.
 */
export function framingOf(fields: HeaderFields, refuse: Refusal): number | 'chunked' | undefined {
  const { transferEncoding, contentLength } = fields;
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) throw refuse('it has both a length and a transfer encoding');
    if (transferEncoding.toLowerCase() !== 'chunked') throw refuse('its transfer encoding is not chunked');
    return 'chunked';
  }
  if (contentLength === undefined) return undefined;
  if (!/^\d{1,15}$/.test(contentLength)) throw refuse('its length is no number');
  return Number(contentLength);
}

/**
 * The size of a chunk by the line before it.
 *
 * @throws what `refuse` makes.
 */
export function chunkSize(line: string, refuse: Refusal): number {
  const size = sizeLine.exec(line)?.[1];
  if (size === undefined) throw refuse('a chunk has no size');
  return Number.parseInt(size, 16);
}

/** Whether a `Connection` field says that no further message follows. */
export function saysClose(connection: string | undefined): boolean {
  return connection !== undefined && /(?:^|,)\s*close\s*(?:,|$)/i.test(connection);
}

function addLine(fields: HeaderFields, line: string, refuse: Refusal): void {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon)).toLowerCase();
  if (!token.test(name)) throw refuse('a field has no name');
  fields.add(name, withoutEdges(line, colon + 1));
}

/** Strips spaces and tabs and nothing else: a byte of a UTF-8 character may look like another white space. */
function withoutEdges(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const sizeLine = /^([0-9a-fA-F]{1,8})(?:[ \t]*;.*)?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
const ambiguous = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)|(?<!\r)\n|\n[ \t]/;
