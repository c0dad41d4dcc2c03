import { Buffer } from 'node:buffer';

/**
 * A message as `grpc-message` carries it: UTF-8, in which every byte outside of visible ASCII and space, and `%` itself, is
 * written as `%` and two hexadecimal digits. So is a space at either end, which HTTP/2 does not allow there.
 *
 * Source: gRPC over HTTP2, "Status-Message".
 */
export function encodeMessage(text: string): string {
  if (plain.test(text)) return text;
  let encoded = '';
  const bytes = Buffer.from(text, 'utf8');
  for (const [index, byte] of bytes.entries()) {
    const isEdge = index === 0 || index === bytes.length - 1;
    const fits = byte > space && byte <= 0x7e ? byte !== percent : byte === space && !isEdge;
    encoded += fits ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** The text of a `grpc-message`. What is malformed stays as it came: a message is never lost for its form. */
export function decodeMessage(encoded: string): string {
  if (!encoded.includes('%')) return encoded;
  const bytes = encoded.replace(escaped, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

const plain = /^(?:[\x21-\x24\x26-\x7e](?:[\x20-\x24\x26-\x7e]*[\x21-\x24\x26-\x7e])?)?$/;
const escaped = /%([0-9A-Fa-f]{2})/g;
const space = 0x20;
const percent = 0x25;
