/** Types of frames (RFC 9113, 6). */
export const http2Types = Object.freeze({
  data: 0x0,
  headers: 0x1,
  reset: 0x3,
  settings: 0x4,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
});

export const endStream = 0x1;
export const endHeaders = 0x4;
export const ack = 0x1;

/** What a client begins with (RFC 9113, 3.4), before its settings. */
export const http2Preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** @param length - what it says; by default the truth. */
export function http2Frame(
  type: number,
  flags = 0,
  stream = 0,
  payload: Uint8Array = new Uint8Array(),
  length = payload.length,
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** Fields as HPACK has them (RFC 7541, 6.2.2) that no table is to remember. */
export function fieldBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.of(0), hpackText(name), hpackText(value)])));
}

export function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const head = [0x7f];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  head.push(rest);
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** Whether a whole frame of that type is among them; with `flags`, one that has them all. */
export function hasFrame(bytes: Buffer, type: number, flags = 0): boolean {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === type && ((bytes[at + 4] ?? 0) & flags) === flags) return true;
  }
  return false;
}
