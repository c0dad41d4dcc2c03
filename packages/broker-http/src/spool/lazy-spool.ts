import type { DeadLetters } from '@tenon/contract';
import { Spool, type SpoolParts } from './spool.js';

/** A spool that is opened when it is first needed, once. */
export class LazySpool {
  readonly deadLetters: DeadLetters;
  readonly #parts: SpoolParts;
  #opening: Promise<Spool> | undefined;
  #spool: Spool | undefined;

  constructor(parts: SpoolParts) {
    this.#parts = parts;
    this.deadLetters = Object.freeze<DeadLetters>({
      list: async (query) => (await this.opened()).deadLetters.list(query),
      requeue: async (id) => (await this.opened()).deadLetters.requeue(id),
      remove: async (id) => (await this.opened()).deadLetters.remove(id),
    });
  }

  /** Rejects as {@link Spool.open} does; the next call tries again. */
  opened(): Promise<Spool> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  update(): void {
    this.#spool?.update();
  }

  pause(): void {
    this.#spool?.pause();
  }

  async settled(): Promise<void> {
    await this.#spool?.settled();
  }

  async close(): Promise<void> {
    // One that could not be opened has nothing to close.
    const spool = await this.#opening?.catch(() => undefined);
    await spool?.close();
  }

  async #open(): Promise<Spool> {
    try {
      this.#spool = await Spool.open(this.#parts);
      return this.#spool;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }
}
