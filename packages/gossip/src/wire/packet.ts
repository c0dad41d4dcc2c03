import type { Keyring } from '../keyring.js';
import { splitCompound } from './compound.js';
import { unpackLzw } from './lzw.js';
import { messageType } from './message.js';
import { MsgpackReader, malformed, type WireFields } from './msgpack.js';
import { check, checkBytes, seal, sealBytes, unchecked, unseal } from './seal.js';

/** How many bytes of messages go into a packet of `maxBytes`, whatever is put around them. */
export function roomIn(maxBytes: number, keyring: Keyring): number {
  return maxBytes - checkBytes - (keyring.primary === undefined ? 0 : sealBytes);
}

/** A packet for somebody: a checksum where the other side knows checksums, encrypted where there is a key. */
export function closePacket(message: Buffer, keyring: Keyring, knowsChecks: boolean): Buffer {
  const checked = knowsChecks ? check(message) : message;
  return keyring.primary === undefined ? checked : seal(keyring.primary, checked, nothing);
}

/**
 * The messages of a packet: decrypted, checked, unpacked. Where there is a key, a packet that none decrypts is refused. Compression and compounds
 * may stand once each, as memberlist writes them, so that no packet makes more work than 64 KiB do.
 *
 * @throws ServiceError `DataLoss`.
 */
export function openPacket(packet: Buffer, keyring: Keyring): readonly Buffer[] {
  const clear = keyring.primary === undefined ? packet : unseal(keyring.keys, packet, nothing);
  const message = unchecked(clear);
  const isPacked = message[0] === messageType.compressed;
  const unpacked = isPacked ? unpack(new MsgpackReader(message, 1).fields(), maxUnpackedPacketBytes) : message;
  return unpacked[0] === messageType.compound ? splitCompound(unpacked.subarray(1)) : [unpacked];
}

/** The message that a compressed one holds. */
export function unpack(fields: WireFields, maxBytes: number): Buffer {
  const packed = fields.get('Buf');
  if (fields.get('Algo') !== 0 || !Buffer.isBuffer(packed))
    throw malformed('a message is compressed in a way that is not known');
  return unpackLzw(packed, maxBytes);
}

const nothing: Buffer = Buffer.alloc(0);
const maxUnpackedPacketBytes = 64 * 1_024;
