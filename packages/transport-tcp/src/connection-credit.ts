import { creditFrame, maxCreditBytes } from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import type { Assemblies } from './message-assembly.js';
import { ProtocolViolation } from './protocol-violation.js';
import type { StreamBudget } from './stream-budget.js';

/** Has something to send, and waits for credit of the connection. */
export interface CreditWaiter {
  /** There is credit again. */
  resume(): void;
}

/**
 * The credit of one connection, both ways: how many bytes of stream messages may travel on it. It goes back to the sender
 * when the bytes have reached their stream's buffer, so that streams that nobody reads do not hold up the others.
 */
export class ConnectionCredit {
  readonly budget: StreamBudget;
  /** What is not whole yet on this connection. */
  readonly assemblies: Assemblies;
  readonly #writer: FrameWriter;
  readonly #window: number;
  /** What the peer may send before it is granted more. */
  #peerMaySend: number;
  #owed = 0;
  /** Held back while the budget is exhausted. Never more than this connection's streams hold. */
  #withheld = 0;
  #maySend: number;
  #waiting: CreditWaiter[] = [];

  /**
   * @param assemblies - of the connection.
   * @param window - what was granted to the peer in this side's greeting.
   * @param peerWindow - what the peer granted in its own.
   */
  constructor(writer: FrameWriter, budget: StreamBudget, assemblies: Assemblies, window: number, peerWindow: number) {
    this.#writer = writer;
    this.budget = budget;
    this.assemblies = assemblies;
    this.#window = window;
    this.#peerMaySend = window;
    this.#maySend = peerWindow;
  }

  /** How many bytes this side may send now. */
  get maySend(): number {
    return this.#maySend;
  }

  spend(bytes: number): void {
    this.#maySend -= bytes;
  }

  /** Calls `resume` once when there is credit again. */
  await(waiter: CreditWaiter): void {
    this.#waiting.push(waiter);
  }

  /** The peer granted more. @throws ProtocolViolation where it cannot mean it. */
  granted(bytes: number): void {
    this.#maySend += bytes;
    if (this.#maySend > maxCreditBytes) throw new ProtocolViolation('more credit than 2^31 - 1');
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter.resume();
    this.#writer.wake();
  }

  /** Bytes of a stream arrived, of whichever call. @throws ProtocolViolation where the peer had no credit for them. */
  arrived(bytes: number): void {
    this.#peerMaySend -= bytes;
    if (this.#peerMaySend < 0) throw new ProtocolViolation('more data than the connection has credit for');
  }

  /** Bytes that arrived are of no concern any more: they were read at once, or dropped. */
  giveBack(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed < this.#window >> 1) return;
    this.#peerMaySend += this.#owed;
    writeCredit(this.#writer, 0, this.#owed);
    this.#owed = 0;
  }

  /** Bytes that arrived have reached their stream's buffer, and stay there. */
  buffered(bytes: number): void {
    if (this.budget.exhausted) this.#withheld += bytes;
    else this.giveBack(bytes);
    this.budget.hold(bytes);
  }

  /** Bytes have left their stream's buffer. */
  consumed(bytes: number): void {
    this.budget.release(bytes);
    if (this.#withheld === 0) return;
    const released = this.budget.exhausted ? Math.min(this.#withheld, bytes) : this.#withheld;
    this.#withheld -= released;
    this.giveBack(released);
  }

  /** The connection has ended: nobody waits for it any more. */
  close(): void {
    this.#waiting = [];
  }
}

/** What a DATA frame of so many bytes costs: one where it is empty, so that messages of no bytes are bounded too. */
export function costOf(bytes: number): number {
  return bytes === 0 ? 1 : bytes;
}

/** One CREDIT frame: of a call, or with id 0 of the connection. */
export function writeCredit(writer: FrameWriter, id: number, bytes: number): void {
  writer.begin(creditFrame, id);
  writer.position = writer.buffer.writeUInt32BE(bytes, writer.position);
  writer.end();
}
