/**
 * Messages whose making a case can watch. They come from an async generator, so that its finally block tells whether it
 * was left when nobody wanted more.
 */
export class MessageSource {
  readonly messages: AsyncIterable<unknown>;
  #made = 0;
  #state: 'idle' | 'started' | 'ended' = 'idle';

  constructor(values: Iterable<unknown> | AsyncIterable<unknown>) {
    this.messages = this.#make(values);
  }

  /** How many messages were asked for and made. */
  get made(): number {
    return this.#made;
  }

  /** Whether it ran to its end, threw, or was left; true also where nobody ever began to read. */
  get settled(): boolean {
    return this.#state !== 'started';
  }

  /** Whether its finally block ran. */
  get ended(): boolean {
    return this.#state === 'ended';
  }

  async *#make(values: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<unknown> {
    this.#state = 'started';
    try {
      for await (const value of values) {
        this.#made += 1;
        yield value;
      }
    } finally {
      this.#state = 'ended';
    }
  }
}

/** `{ index: 0 }`, `{ index: 1 }`, … */
export function* numbered(count: number, from = 0): Generator<{ readonly index: number }> {
  for (let index = from; index < from + count; index += 1) yield { index };
}

/** Numbered messages of about so many bytes each. */
export function* sized(count: number, bytes: number): Generator<{ readonly index: number; readonly text: string }> {
  const text = 'x'.repeat(bytes);
  for (const { index } of numbered(count)) yield { index, text };
}

/** One series after another. */
export async function* inTurn(...parts: readonly (Iterable<unknown> | Promise<unknown>)[]): AsyncGenerator<unknown> {
  for (const part of parts) {
    if (part instanceof Promise) await part;
    else yield* part;
  }
}

/** Some messages, then an error. */
export function* failing(messages: Iterable<unknown>, error: unknown): Generator<unknown> {
  yield* messages;
  throw error;
}
