import type { Settlement } from '@tenon/contract/authoring';
import type { AckSubject } from './ack-subject.js';
import type { RecentlyHandled } from './recently-handled.js';
import { nsPerMs } from './streams.js';

/** What is said to JetStream of one message, on the subject that came with it; once it is settled, `onSettled` is called. */
export class JetStreamSettlement implements Settlement {
  constructor(
    private readonly subject: string,
    private readonly from: AckSubject,
    private readonly handled: RecentlyHandled,
    private readonly say: (subject: string, word: string | Uint8Array) => void,
    private readonly onSettled: () => void,
  ) {}

  ack(): void {
    this.handled.add(this.from);
    this.say(this.subject, acknowledged);
    this.onSettled();
  }

  nack(delayMs: number): void {
    this.say(this.subject, delayMs > 0 ? `-NAK {"delay": ${Math.round(delayMs * nsPerMs)}}` : '-NAK');
    this.onSettled();
  }

  working(): void {
    this.say(this.subject, '+WPI');
  }
}

const acknowledged = Buffer.from('+ACK');
