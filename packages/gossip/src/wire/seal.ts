import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { messageType } from './message.js';
import { malformed } from './msgpack.js';

/** What encryption adds: version, nonce, tag. */
export const sealBytes = 29;
/** What a checksum adds: its type and four bytes. */
export const checkBytes = 5;

/**
 * Encrypts with AES-GCM: version 1, a nonce of 12 random bytes, the encrypted bytes, a tag of 16. `signed` is what stands before it in the
 * clear and must not be changed either.
 */
export function seal(key: Buffer, plain: Buffer, signed: Buffer): Buffer {
  const nonce = randomFillSync(Buffer.allocUnsafe(nonceBytes));
  const cipher = createCipheriv(algorithmOf(key), key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(signed);
  const sealed = [Buffer.of(1), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed);
}

/** Decrypts with whichever key fits. Throws `DataLoss` where none does. Version 0 is padded to blocks, version 1 is not. */
export function unseal(keys: readonly Buffer[], sealed: Buffer, signed: Buffer): Buffer {
  const version = sealed[0];
  if (version === undefined || version > 1) throw malformed('it is not encrypted, or in a way that is not known');
  if (sealed.length < sealBytes) throw malformed('encrypted bytes are cut off');
  for (const key of keys) {
    const plain = opened(key, sealed, signed);
    if (plain !== undefined) return version === 0 ? unpadded(plain) : plain;
  }
  throw malformed('none of the installed keys decrypts it');
}

/** Puts a checksum before a message. */
export function check(message: Buffer): Buffer {
  const head = Buffer.allocUnsafe(checkBytes);
  head[0] = messageType.checked;
  head.writeUInt32BE(crc32(message), 1);
  return Buffer.concat([head, message]);
}

/** Takes a checksum off, where there is one. Throws `DataLoss` where it does not agree. */
export function unchecked(bytes: Buffer): Buffer {
  if (bytes[0] !== messageType.checked) return bytes;
  const message = bytes.subarray(checkBytes);
  if (bytes.length < checkBytes || bytes.readUInt32BE(1) !== crc32(message))
    throw malformed('a checksum does not agree');
  return message;
}

function opened(key: Buffer, sealed: Buffer, signed: Buffer): Buffer | undefined {
  const tagAt = sealed.length - tagBytes;
  const decipher = createDecipheriv(algorithmOf(key), key, sealed.subarray(1, 1 + nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(signed);
  decipher.setAuthTag(sealed.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + nonceBytes, tagAt)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function algorithmOf(key: Buffer): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  if (key.length === 16) return 'aes-128-gcm';
  return key.length === 24 ? 'aes-192-gcm' : 'aes-256-gcm';
}

function unpadded(plain: Buffer): Buffer {
  const padding = plain.at(-1) ?? 0;
  if (padding === 0 || padding > plain.length) throw malformed('encrypted bytes are padded wrongly');
  return plain.subarray(0, plain.length - padding);
}

const nonceBytes = 12;
const tagBytes = 16;
