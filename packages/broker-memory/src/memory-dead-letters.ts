import { type DeadLetter, type DeadLetterQuery, type DeadLetters, type Message, ServiceError } from '@tenon/contract';
import { checkedNumber, deadLetterTopic, readDeadLetter, requeuedMessage } from '@tenon/contract/authoring';
import type { LoggedMessage } from './message-log.js';

/** The dead letters of a hub, of whatever topic they were put on. The newest 10,000 are kept. */
export class MemoryDeadLetters implements DeadLetters {
  readonly #kept = new Map<string, { readonly topic: string; readonly letter: DeadLetter }>();
  readonly #publish: (topic: string, message: Message) => void;

  constructor(publish: (topic: string, message: Message) => void) {
    this.#publish = publish;
  }

  /** Keeps a message that is one. */
  keep({ topic, message, sequence }: LoggedMessage): void {
    const letter = readDeadLetter(String(sequence), message);
    if (letter === undefined) return;
    this.#kept.set(letter.id, { topic, letter });
    for (const id of this.#kept.keys()) {
      if (this.#kept.size <= maxKept) return;
      this.#kept.delete(id);
    }
  }

  async list({ topic, limit: given }: DeadLetterQuery = {}): Promise<readonly DeadLetter[]> {
    const limit = checkedNumber('deadLetters.limit', given, { min: 1, max: 10_000, fallback: 100 });
    const isWanted = (one: string): boolean =>
      topic === undefined ? one === deadLetterTopic || one.startsWith(`${deadLetterTopic}.`) : one === topic;
    return [...this.#kept.values()]
      .filter((kept) => isWanted(kept.topic))
      .slice(0, limit)
      .map(({ letter }) => letter);
  }

  async requeue(id: string): Promise<void> {
    const kept = this.#kept.get(id);
    if (kept === undefined) throw new ServiceError('NotFound', `there is no dead letter ${id}`, { executed: 'no' });
    this.#publish(kept.letter.topic, requeuedMessage(kept.letter));
    this.#kept.delete(id);
  }

  async remove(id: string): Promise<boolean> {
    return this.#kept.delete(id);
  }
}

const maxKept = 10_000;
