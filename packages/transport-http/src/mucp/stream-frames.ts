import type { Body } from '../body-encoder.js';
import type { FieldPairs } from '../headers.js';

/** What stands in `Micro-Error` where a side of a stream has come to its end. */
export const endOfStream = 'EOS';

/**
 * One message of a stream as a whole request or response: go-micro's streams are such messages, back to back, in each
 * direction for itself.
 *
 * @param start - the first line, and the fields that all messages of the stream have, each with its line break.
 * @param fields - of this message; values as Node wants them, none that could end a line.
 */
export function streamFrame(start: string, fields: FieldPairs, body: Body): Buffer {
  let head = start;
  for (let index = 0; index < fields.length; index += 2) head += `${fields[index]}: ${fields[index + 1]}\r\n`;
  head += `Content-Length: ${body.length}\r\n\r\n`;
  if (typeof body === 'string') return Buffer.from(head + body, 'latin1');
  return body.length === 0 ? Buffer.from(head, 'latin1') : Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** Whether what a peer calls its stream can be said back to it. */
export function isStreamId(id: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(id);
}
