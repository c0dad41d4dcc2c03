import type { Duplex } from 'node:stream';
import type { Keyring } from '../keyring.js';
import { messageType } from '../wire/message.js';
import { malformed } from '../wire/msgpack.js';
import { unpack } from '../wire/packet.js';
import { seal, sealBytes, unseal } from '../wire/seal.js';
import type { StreamReader } from './stream-reader.js';

/**
 * Begins to read the one message of a stream: decrypts and unpacks it where it is, and returns its type; the reader then stands behind it. Where
 * there is a key, a message in the clear is refused, and one that is encrypted where there is none.
 */
export async function openMessage(reader: StreamReader, keyring: Keyring, maxBytes: number): Promise<number> {
  let type = await reader.byte();
  if (type === messageType.encrypted) {
    if (keyring.primary === undefined) throw malformed('a stream is encrypted, and no key is installed');
    const length = await reader.bytes(4);
    const signed = Buffer.concat([Buffer.of(messageType.encrypted), length]);
    reader.continueIn(unseal(keyring.keys, await reader.bytes(length.readUInt32BE(0)), signed));
    type = await reader.byte();
  } else if (keyring.primary !== undefined) {
    throw malformed('a stream is not encrypted, and a key is installed');
  }
  if (type !== messageType.compressed) return type;
  reader.continueIn(unpack(await reader.fields(), maxBytes));
  return reader.byte();
}

/** Writes the one message of a stream, encrypted where there is a key. The other direction stays open. */
export function sendMessage(stream: Duplex, message: Buffer, keyring: Keyring): void {
  if (keyring.primary === undefined) {
    stream.write(message);
    return;
  }
  const head = Buffer.allocUnsafe(5);
  head[0] = messageType.encrypted;
  head.writeUInt32BE(message.length + sealBytes, 1);
  stream.write(Buffer.concat([head, seal(keyring.primary, message, head)]));
}
