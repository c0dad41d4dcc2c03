import type { Clock } from '../../clock.js';
import type { Logger } from '../../logger.js';
import type { Delivery, Message } from '../../message.js';
import { ServiceError } from '../../service-error.js';
import { Unprocessable } from '../../unprocessable.js';
import { backoffMs } from '../backoff.js';
import { type DeadlineEntry, DeadlineWheel } from '../deadline-wheel.js';
import { deadLetterMessage, isForQueue } from './dead-letter-message.js';
import type { SubscriptionTerms } from './subscription-terms.js';

/** What a broker can do with one message that it handed out. None may throw; what cannot be sent comes again by itself. */
export interface Settlement {
  /** It was handled, or is kept elsewhere: it does not come again. */
  ack(): void;
  /** It comes again after so long. */
  nack(delayMs: number): void;
  /** Its handler still runs: it is nobody else's for another `ackWaitMs`. */
  working(): void;
}

/** What messages of one subscription are settled with. */
export interface SettlingParts {
  readonly terms: SubscriptionTerms;
  readonly handler: (delivery: Delivery) => Promise<void>;
  /** Keeps a dead letter. Rejects where it could not. */
  readonly bury: (topic: string, message: Message) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Settles the messages of one subscription at least once: each is handled, with signs of life while that takes; acknowledged where the
 * handler resolved; handed back for a while where it rejected; and after the last attempt, or where no attempt can help, put among the
 * dead letters and acknowledged only once it is kept there.
 */
export class Settler {
  readonly #parts: SettlingParts;
  readonly #signs: DeadlineWheel;
  readonly #signEveryMs: number;

  constructor(parts: SettlingParts) {
    this.#parts = parts;
    this.#signs = new DeadlineWheel(parts.clock);
    this.#signEveryMs = Math.max(50, parts.terms.ackWaitMs / 3);
  }

  /** Resolves when the message is settled. Never rejects. */
  settle(delivery: Delivery, settlement: Settlement): Promise<void> {
    const { terms, handler } = this.#parts;
    if (!isForQueue(delivery.message, terms.queue)) return Promise.resolve(settlement.ack());
    // Handed out more often than it may be handled: those before died without a word, and maybe of it.
    if (delivery.attempt > terms.maxAttempts)
      return giveUp(delivery, settlement, this.#parts, neverAnswered(terms.maxAttempts));
    const handling = new Handling(settlement, this.#signs, this.#parts.clock, this.#signEveryMs);
    const refused = (thrown: unknown): Promise<void> =>
      rejected(delivery, settlement, this.#parts, thrown).finally(() => handling.end());
    // One promise beside the handler's own: in most applications this runs for every event.
    try {
      return handler(delivery).then(() => {
        settlement.ack();
        handling.end();
      }, refused);
    } catch (thrown) {
      return refused(thrown);
    }
  }

  /** The same for what no handler is to see, as it cannot be read. */
  refuse(delivery: Delivery, settlement: Settlement, reason: Unprocessable): Promise<void> {
    if (!isForQueue(delivery.message, this.#parts.terms.queue)) return Promise.resolve(settlement.ack());
    return rejected(delivery, settlement, this.#parts, reason);
  }

  /** Stops the timer of the signs of life, once nothing is handled any more. */
  close(): void {
    this.#signs.close();
  }
}

/** A message whose handler runs. The wheel's entry is the message's own, so that nothing is made for its signs. */
class Handling implements DeadlineEntry {
  deadline: number;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined;
  wheelPrevious: DeadlineEntry | undefined;

  constructor(
    private readonly settlement: Settlement,
    private readonly signs: DeadlineWheel,
    private readonly clock: Clock,
    private readonly everyMs: number,
  ) {
    this.deadline = clock.now() + everyMs;
    signs.add(this);
  }

  onDeadline(): void {
    this.settlement.working();
    this.deadline = this.clock.now() + this.everyMs;
    this.signs.add(this);
  }

  end(): void {
    this.signs.remove(this);
  }
}

async function rejected(
  delivery: Delivery,
  settlement: Settlement,
  parts: SettlingParts,
  thrown: unknown,
): Promise<void> {
  const { backoff, maxAttempts } = parts.terms;
  const isHopeless = thrown instanceof Unprocessable;
  const error = isHopeless ? thrown.serviceError : ServiceError.from(thrown);
  if (isHopeless || delivery.attempt >= maxAttempts) return giveUp(delivery, settlement, parts, error);
  settlement.nack(backoffMs(delivery.attempt, backoff));
}

async function giveUp(
  delivery: Delivery,
  settlement: Settlement,
  { terms, bury, clock, logger }: SettlingParts,
  error: ServiceError,
): Promise<void> {
  const { topic, message, attempt } = delivery;
  const facts = { topic, queue: terms.queue, id: message.id, attempts: attempt, code: error.code };
  if (terms.deadLetter === undefined) {
    logger.error('an event was given up, and is gone: its subscription has no dead letters', { ...facts, error });
    return settlement.ack();
  }
  try {
    await bury(terms.deadLetter, deadLetterMessage(delivery, terms.queue, error, clock.wallTime()));
  } catch (thrown) {
    logger.error('an event was given up, but its dead letter cannot be kept now; it comes again', {
      ...facts,
      error: thrown,
    });
    return settlement.nack(backoffMs(attempt, terms.backoff));
  }
  logger.error('an event was given up and is among the dead letters', {
    ...facts,
    deadLetter: terms.deadLetter,
    error,
  });
  settlement.ack();
}

function neverAnswered(maxAttempts: number): ServiceError {
  return ServiceError.refusal('Aborted', `${maxAttempts} attempts ended without an answer, as where a process dies`);
}
