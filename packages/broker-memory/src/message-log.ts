import type { Message, StartFrom } from '@tenon/contract';

/** A message in the log. */
export interface LoggedMessage {
  readonly topic: string;
  readonly message: Message;
  readonly sequence: number;
}

/** The last messages of a hub, in their order, for subscriptions that begin with what was published before. */
export class MessageLog {
  readonly #limit: number;
  #messages: LoggedMessage[] = [];
  #sequence = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(topic: string, message: Message): LoggedMessage {
    this.#sequence += 1;
    const logged = { topic, message, sequence: this.#sequence };
    this.#messages.push(logged);
    if (this.#messages.length > this.#limit * 2) this.#messages = this.#messages.slice(-this.#limit);
    return logged;
  }

  /** What is still there from a beginning on. */
  from(start: StartFrom): readonly LoggedMessage[] {
    if (start === 'new') return [];
    const kept = this.#messages.slice(-this.#limit);
    if (start === 'first') return kept;
    if ('sequence' in start) return kept.filter(({ sequence }) => sequence >= start.sequence);
    return kept.filter(({ message }) => message.timeMs >= start.timeMs);
  }
}
