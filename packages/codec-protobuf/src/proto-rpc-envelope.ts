import { WireReader } from './engine/wire-reader.js';

/** Reads an envelope for nothing but whether it is one: routing and errors are said by header fields. */
export function readEnvelope(buffer: Uint8Array, start: number, end: number): void {
  const reader = new WireReader(buffer, start);
  while (reader.position < end) reader.skip(reader.tag(end), end, 1);
}

/** A method, a number and the text of an error. */
export const maxEnvelopeBytes = 64 * 1_024;
