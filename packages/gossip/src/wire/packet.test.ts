import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Keyring } from '../keyring.js';
import { joinCompound } from './compound.js';
import { messageType, writeAck, writeNack } from './message.js';
import { writeFields } from './msgpack.js';
import { closePacket, openPacket } from './packet.js';

const parts = [writeAck(7), writeNack(8)];

test.each([
  ['in the clear', new Keyring()],
  ['encrypted', new Keyring([randomBytes(16)])],
])('a compound that is compressed, with a checksum, %s, is opened', (_title, keyring) => {
  const packet = closePacket(compressed(joinCompound(parts)), keyring, true);
  expect(openPacket(packet, keyring)).toEqual(parts);
});

test('compression within compression is not opened again', () => {
  const inner = compressed(writeAck(7));
  expect(openPacket(closePacket(compressed(inner), new Keyring(), false), new Keyring())).toEqual([inner]);
});

test('an algorithm that is not known is refused', () => {
  const message = Buffer.concat([Buffer.of(messageType.compressed), writeFields({ Algo: 1, Buf: Buffer.alloc(4) })]);
  expect(() => openPacket(message, new Keyring())).toThrow(/compressed in a way/);
});

/** LZW that saves nothing: each byte as its code of nine bits, between the code that clears and the one that ends. */
function compressed(message: Buffer): Buffer {
  let bits = 0n;
  for (const [index, code] of [256, ...message, 257].entries()) bits |= BigInt(code) << BigInt(index * 9);
  const packed = Buffer.from(
    Array.from({ length: Math.ceil(((message.length + 2) * 9) / 8) }, (_, index) =>
      Number((bits >> BigInt(index * 8)) & 0xffn),
    ),
  );
  return Buffer.concat([Buffer.of(messageType.compressed), writeFields({ Algo: 0, Buf: packed })]);
}
