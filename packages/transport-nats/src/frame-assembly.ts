import { ServiceError } from '@tenon/contract';
import type { Frame, FramePart } from './frame.js';

/** What all unfinished frames of one side may hold together. */
export class PartBudget {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Throws `ResourceExhausted`, `executed: 'no'`, where there is no room. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#maxBytes) {
      throw ServiceError.refusal('ResourceExhausted', `unfinished messages hold ${this.#maxBytes} bytes already`, {
        executed: 'no',
        refusal: 'overloaded',
      });
    }
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** Joins the parts of the frames of one call in one direction. */
export class FrameAssembly {
  readonly #maxBytes: number;
  readonly #budget: PartBudget;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #type = 0;

  constructor(maxBytes: number, budget: PartBudget) {
    this.#maxBytes = maxBytes;
    this.#budget = budget;
  }

  /**
   * A frame, once its last part is here. Parts whose beginning was missed are left out.
   *
   * @throws ServiceError `ResourceExhausted`, `executed: 'no'`, over the limit: what was gathered is dropped.
   */
  take({ type, content, continues, hasMore }: FramePart): Frame | undefined {
    if (!continues) this.drop();
    else if (this.#parts.length === 0 || type !== this.#type) return undefined;
    if (!continues && !hasMore) return { type, content };
    this.#keep(type, content);
    if (hasMore) return undefined;
    const whole = Buffer.concat(this.#parts);
    this.drop();
    return { type, content: whole };
  }

  /** Whether parts of a frame are here, and more must come. */
  get isBegun(): boolean {
    return this.#parts.length > 0;
  }

  /** Forgets what was gathered. */
  drop(): void {
    this.#budget.give(this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
  }

  #keep(type: number, content: Uint8Array): void {
    try {
      if (this.#bytes + content.length > this.#maxBytes) {
        const sizes = `a message of ${this.#bytes + content.length} bytes or more is over the limit of ${this.#maxBytes}`;
        throw ServiceError.refusal('ResourceExhausted', sizes, { executed: 'no' });
      }
      this.#budget.take(content.length);
    } catch (refusal) {
      this.drop();
      throw refusal;
    }
    this.#type = type;
    this.#parts.push(content);
    this.#bytes += content.length;
  }
}
