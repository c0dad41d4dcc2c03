import type { Sink } from '@tenon/contract';

/** Gives exactly the room that was asked for, always in a new buffer, and ruins the old one. */
export class TightSink implements Sink {
  buffer = Buffer.alloc(0);
  position = 0;

  ensure(bytes: number): void {
    const old = this.buffer;
    const grown = Buffer.alloc(Math.max(old.length, this.position + bytes), 0x99);
    old.copy(grown, 0, 0, this.position);
    old.fill(0x99);
    this.buffer = grown;
  }
}
