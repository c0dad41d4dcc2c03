import type { Socket } from 'node:net';
import type { Fault, Flow, Outlet } from '../faults/fault.js';

/** How the sender's side of a lane came to its end. */
type Ending = 'fin' | 'closed' | 'broken';

/** One direction of one connection: reads one socket, writes the other, with a fault in between that may change. */
export class Lane implements Outlet {
  /** So many bytes were passed on. */
  passedBytes = 0;
  readonly #source: Socket;
  readonly #sink: Socket;
  #flow: Flow;
  #isHeld = false;
  #sinkIsFull = false;
  /** Of the source, as far as it was seen. */
  #ending: Ending | undefined;
  /** Whether that was told to the flow. */
  #isTold = false;

  constructor(source: Socket, sink: Socket, fault: Fault) {
    this.#source = source;
    this.#sink = sink;
    this.#flow = fault.flow(this);
    source.on('data', (chunk: Buffer) => this.#flow.take?.(chunk));
    source.on('end', () => this.#ended('fin'));
    source.on('error', () => this.#ended('broken'));
    source.on('close', () => this.#ended('closed'));
    sink.on('drain', () => {
      this.#sinkIsFull = false;
      this.#read();
    });
    this.#read();
  }

  /** Another fault from now on. What the last one held back goes first. */
  use(fault: Fault): void {
    this.#flow.stop?.();
    this.#isHeld = false;
    this.#flow = fault.flow(this);
    this.#tellEnd();
    this.#read();
  }

  send(chunk: Buffer): void {
    if (this.#sink.destroyed || this.#sink.writableEnded || chunk.byteLength === 0) return;
    this.passedBytes += chunk.byteLength;
    this.#sinkIsFull = !this.#sink.write(chunk);
    this.#read();
  }

  end(): void {
    if (!this.#sink.destroyed) this.#sink.end();
  }

  hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    this.#read();
  }

  close(): void {
    this.#source.destroy();
    this.#sink.destroySoon();
  }

  /** Stops what the fault has going. */
  stop(): void {
    this.#flow.stop?.();
    this.#flow = {};
  }

  #read(): void {
    const reads = this.#flow.take !== undefined && !this.#isHeld && !this.#sinkIsFull;
    if (reads) this.#source.resume();
    else this.#source.pause();
  }

  #ended(ending: Ending): void {
    if (ending === 'closed' && this.#ending !== undefined) return;
    if (this.#ending !== 'broken') this.#ending = ending;
    this.#isTold = false;
    this.#tellEnd();
  }

  /** A flow that takes nothing hides the end too, until another one comes. */
  #tellEnd(): void {
    if (this.#ending === undefined || this.#isTold || this.#flow.take === undefined) return;
    this.#isTold = true;
    if (this.#ending === 'broken') this.#sink.resetAndDestroy();
    else if (this.#ending === 'closed') this.#sink.destroy();
    else if (this.#flow.end === undefined) this.end();
    else this.#flow.end();
  }
}
