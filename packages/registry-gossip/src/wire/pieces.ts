import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Clock, ServiceError } from '@tenon/contract';

/**
 * Cuts what is too large for one packet of go-micro's: packed by DEFLATE, then in pieces of at most `maxPieceBytes`. Each piece: `T`, version 1, eight
 * bytes of the SHA-256 of the packed whole, which piece it is and of how many (two bytes each), its bytes.
 *
 * `T` (0x54) cannot begin a protobuf message: it would end a group that never began. go-micro passes over it.
 */
export function cut(whole: Buffer, maxPieceBytes: number): readonly Buffer[] {
  const packed = deflateRawSync(whole);
  const room = maxPieceBytes - headBytes;
  const count = Math.ceil(packed.length / room);
  if (count > maxPieces) {
    const message = `an entry that packs to ${packed.length} bytes cannot be spread; ${maxPieces * room} are the most`;
    throw new ServiceError('InvalidArgument', message, { executed: 'no' });
  }
  return Array.from({ length: count }, (_, index) => {
    const head = Buffer.alloc(headBytes);
    head[0] = pieceMark;
    head[1] = 1;
    digest(packed).copy(head, 2);
    head.writeUInt16BE(index, 10);
    head.writeUInt16BE(count, 12);
    return Buffer.concat([head, packed.subarray(index * room, (index + 1) * room)]);
  });
}

/** Whether a message is a piece, or would be one if it were right. */
export function isPiece(message: Buffer): boolean {
  return message[0] === pieceMark;
}

/** Puts pieces together, in whatever order and how often they come. Wholes that stay incomplete are given up. */
export class Pieces {
  readonly #clock: Clock;
  readonly #wholes = new Map<string, Whole>();
  #heldBytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many bytes wait for the rest. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The whole, where this was the last piece of it. Throws `DataLoss`. */
  add(piece: Buffer): Buffer | undefined {
    if (piece.length <= headBytes || piece[1] !== 1) throw malformedPiece('it has no head that is known');
    const [id, index, count] = [piece.toString('hex', 2, 10), piece.readUInt16BE(10), piece.readUInt16BE(12)];
    if (count === 0 || count > maxPieces || index >= count) throw malformedPiece(`it is piece ${index} of ${count}`);
    this.#giveUp();
    const whole = this.#wholes.get(id) ?? { parts: new Array<Buffer>(count), missing: count, since: this.#clock.now() };
    if (whole.parts.length !== count) throw malformedPiece('it belongs to pieces of another number');
    this.#wholes.set(id, whole);
    if (whole.parts[index] !== undefined) return undefined;
    whole.parts[index] = Buffer.from(piece.subarray(headBytes));
    whole.missing -= 1;
    this.#heldBytes += piece.length - headBytes;
    if (whole.missing > 0) return undefined;
    this.#forget(id, whole);
    return joined(id, whole.parts);
  }

  #giveUp(): void {
    const now = this.#clock.now();
    for (const [id, whole] of this.#wholes) {
      if (now - whole.since < patienceMs && this.#heldBytes < maxHeldBytes && this.#wholes.size < maxWholes) return;
      this.#forget(id, whole);
    }
  }

  #forget(id: string, whole: Whole): void {
    this.#wholes.delete(id);
    for (const part of whole.parts) this.#heldBytes -= part?.length ?? 0;
  }
}

interface Whole {
  readonly parts: (Buffer | undefined)[];
  missing: number;
  readonly since: number;
}

function joined(id: string, parts: readonly (Buffer | undefined)[]): Buffer {
  const packed = Buffer.concat(parts.flatMap((part) => part ?? []));
  if (digest(packed).toString('hex') !== id) throw malformedPiece('its whole is not what its head says');
  try {
    return inflateRawSync(packed, { maxOutputLength: maxWholeBytes });
  } catch {
    throw malformedPiece(`its whole cannot be unpacked, or has more than ${maxWholeBytes} bytes`);
  }
}

function digest(packed: Buffer): Buffer {
  return createHash('sha256').update(packed).digest().subarray(0, 8);
}

function malformedPiece(what: string): ServiceError {
  return ServiceError.refusal('DataLoss', `malformed piece of a gossip entry: ${what}`, { executed: 'no' });
}

const pieceMark = 0x54;
const headBytes = 14;
const maxPieces = 255;
const patienceMs = 30_000;
const maxHeldBytes = 8 * 1_024 * 1_024;
const maxWholes = 1_024;
/** A record of 512 KiB and what is around it. */
const maxWholeBytes = 520 * 1_024;
