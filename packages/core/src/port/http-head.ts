import type { Buffer } from 'node:buffer';
import type { HttpHead } from '@tenon/contract';

/** How much of a head is read before it is given up. */
export interface HeadLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

/**
 * The head of an HTTP/1.1 request, from its first bytes.
 *
 * It decides only who gets the connection, so it is stricter than any parser that serves it: what is not plainly right,
 * or could be read in two ways, is `unclear` and left to Node's parser, which answers it with the reason.
 *
 * @returns undefined where more bytes are needed.
 */
export function httpHead(read: Buffer, limits: HeadLimits): HttpHead | 'unclear' | undefined {
  const end = read.indexOf('\r\n\r\n');
  if (end < 0) return read.length > limits.maxHeaderBytes || !mayBeHead(read) ? 'unclear' : undefined;
  if (end > limits.maxHeaderBytes) return 'unclear';
  const [first = '', ...lines] = read.toString('latin1', 0, end).split('\r\n');
  const [, method, path] = requestLine.exec(first) ?? [];
  if (method === undefined || path === undefined || lines.length > limits.maxHeaders) return 'unclear';
  const headers = fieldsOf(lines);
  return headers === undefined ? 'unclear' : { method, path, headers };
}

function fieldsOf(lines: readonly string[]): HttpHead['headers'] | undefined {
  const fields: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [, name, value] = fieldLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const key = name.toLowerCase();
    const before = fields[key];
    if (before !== undefined && singular.has(key)) return undefined;
    fields[key] = before === undefined ? value.trimEnd() : `${before}, ${value.trimEnd()}`;
  }
  return fields['content-length'] !== undefined && fields['transfer-encoding'] !== undefined ? undefined : fields;
}

/** Whether a head may still come of it: whoever sends anything else is not to be waited for. */
function mayBeHead(read: Buffer): boolean {
  const first = read[0] ?? 0;
  if (first < upperA || first > upperZ) return false;
  for (let at = 1; at < read.length; at += 1) {
    const byte = read[at] ?? 0;
    if (byte >= space ? byte === del : byte === lineFeed ? read[at - 1] !== carriageReturn : !lineControls.has(byte)) {
      return false;
    }
  }
  return true;
}

const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const upperA = 0x41;
const upperZ = 0x5a;
const del = 0x7f;
const lineControls: ReadonlySet<number> = new Set([tab, carriageReturn]);
const requestLine = /^([A-Z][A-Z-]{0,31}) ([\x21-\x7e]+) HTTP\/1\.[01]$/;
const fieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
const singular: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'host']);
