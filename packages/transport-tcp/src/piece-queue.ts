import { moreFlag } from './frame.js';

/** What holds the pieces of a message back: the credit of its stream and connection. */
export interface PieceGate {
  /** How many bytes may leave now. */
  readonly allowedBytes: number;
  /** So many have left. */
  spent(bytes: number): void;
  /** All have left. */
  sent(): void;
}

/** A message that is too long for one frame among others, waiting to leave in pieces. */
export class LongMessage {
  readonly #length: number;
  #bytes: Buffer;
  #position = 0;

  /**
   * @param type - of its first frame.
   * @param restType - of the others.
   * @param bytes - of which the first `length` are the message.
   * @param gate - absent where nothing holds it back.
   */
  constructor(
    private readonly type: number,
    private readonly restType: number,
    readonly id: number,
    bytes: Buffer,
    length: number,
    private readonly gate: PieceGate | undefined,
  ) {
    this.#bytes = bytes;
    this.#length = length;
  }

  /** Whether all has left. Until then the peer cannot have acted on it. */
  get sent(): boolean {
    return this.#position === this.#length;
  }

  /** Whether any of it has left. */
  get begun(): boolean {
    return this.#position > 0;
  }

  /** The size of the piece that may leave now. */
  get pieceBytes(): number {
    const bytes = Math.min(this.#length - this.#position, maxPieceBytes);
    return this.gate === undefined ? bytes : Math.min(bytes, this.gate.allowedBytes);
  }

  /** The type of the frame for a piece of that size, with its flag. */
  typeOf(pieceBytes: number): number {
    const type = this.#position === 0 ? this.type : this.restType;
    return this.#position + pieceBytes < this.#length ? type | moreFlag : type;
  }

  /** Copies a piece to where it leaves from. */
  move(pieceBytes: number, target: Buffer, at: number): void {
    this.#bytes.copy(target, at, this.#position, this.#position + pieceBytes);
    this.#position += pieceBytes;
    this.gate?.spent(pieceBytes);
  }

  /** Gives up what is left of it, and with it the memory, which it returns. */
  release(): Buffer {
    const bytes = this.#bytes;
    this.#bytes = empty;
    return bytes;
  }

  /** Tells the gate that all has left. */
  finish(): void {
    this.gate?.sent();
  }
}

/** The long messages of a connection, which take turns. */
export class PieceQueue {
  readonly #messages: LongMessage[] = [];
  #turn = 0;

  get size(): number {
    return this.#messages.length;
  }

  add(message: LongMessage): void {
    this.#messages.push(message);
  }

  /** Takes one out. Returns whether it was in. */
  drop(message: LongMessage): boolean {
    const index = this.#messages.indexOf(message);
    if (index < 0) return false;
    this.#messages.splice(index, 1);
    if (index < this.#turn) this.#turn -= 1;
    return true;
  }

  /** Whose turn it is among those that may leave now. */
  next(): LongMessage | undefined {
    const { length } = this.#messages;
    for (let tried = 0; tried < length; tried += 1) {
      const message = this.#messages[(this.#turn + tried) % length];
      if (message === undefined || message.pieceBytes === 0) continue;
      this.#turn = (this.#turn + tried + 1) % length;
      return message;
    }
    return undefined;
  }
}

const empty = Buffer.alloc(0);
/** Small enough that a small frame behind it hardly waits, large enough that its header and copy cost nothing. */
const maxPieceBytes = 32 * 1_024;
