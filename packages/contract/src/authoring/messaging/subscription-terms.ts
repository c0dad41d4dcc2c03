import {
  type BrokerCapabilities,
  type DeliveryLevel,
  defaultMaxInFlight,
  type LevelCapabilities,
  type StartFrom,
  type SubscribeOptions,
} from '../../broker.js';
import { ServiceError } from '../../service-error.js';
import { checkedTopic, checkedTopicPattern, hasWildcards } from '../../topic.js';
import type { BackoffOptions } from '../backoff.js';
import { checkedBackoff } from '../checked-backoff.js';
import { checkedNumber } from '../checked-number.js';

/** {@link SubscribeOptions}, checked against what the broker can do, with every default filled in. */
export interface SubscriptionTerms {
  readonly topic: string;
  readonly queue: string | undefined;
  readonly maxInFlight: number;
  readonly delivery: DeliveryLevel;
  readonly ackWaitMs: number;
  readonly maxAttempts: number;
  readonly backoff: BackoffOptions;
  /** Undefined: what is given up is gone. */
  readonly deadLetter: string | undefined;
  readonly ordered: boolean;
  readonly startFrom: StartFrom;
}

/**
 * Checks what a subscription asks for. What asks for acknowledgement at most once is refused rather than passed over.
 *
 * @throws ServiceError `InvalidArgument` that names the option, its value and its range; `FailedPrecondition` for a level that the
 * broker does not have, `Unimplemented` for a pattern or a start that it does not have at that level.
 */
export function subscriptionTerms(
  topic: string,
  options: SubscribeOptions,
  capabilities: BrokerCapabilities,
): SubscriptionTerms {
  checkedTopicPattern(topic);
  const [delivery, level] = checkedLevel(options.delivery, capabilities);
  if (hasWildcards(topic) && !level.patterns) {
    throw unimplemented(`the pattern ${topic}: this broker takes whole topics only, where delivery is ${delivery}`);
  }
  const isAcknowledged = delivery === 'atLeastOnce';
  if (!isAcknowledged) refuseAcknowledged(options);
  const { queue, ordered = false } = options;
  const startFrom = checkedStart(options.startFrom ?? 'new');
  if (startFrom !== 'new' && !level.replays) {
    throw unimplemented('subscribe.startFrom: this broker keeps nothing of what was published before');
  }
  return Object.freeze({
    topic,
    queue: checkedQueue(queue),
    maxInFlight: number('maxInFlight', options.maxInFlight, 1, 65_536, defaultMaxInFlight),
    delivery,
    ackWaitMs: number('ackWaitMs', options.ackWaitMs, 100, 3_600_000, 30_000),
    maxAttempts: number('maxAttempts', options.maxAttempts, 1, 1_000, 5),
    backoff: checkedBackoff('subscribe.backoff', options.backoff, defaultRedelivery),
    deadLetter: isAcknowledged ? checkedDeadLetter(options) : undefined,
    ordered: checkedBoolean('ordered', ordered),
    startFrom,
  });
}

/**
 * The level at which something is published or subscribed to.
 *
 * @throws ServiceError `FailedPrecondition` for one that the broker does not have.
 */
export function checkedLevel(
  wanted: DeliveryLevel | undefined,
  { delivery, levels }: BrokerCapabilities,
): readonly [DeliveryLevel, LevelCapabilities] {
  const level = wanted ?? delivery;
  const found = Object.hasOwn(levels, level) ? levels[level] : undefined;
  if (found !== undefined) return [level, found];
  throw new ServiceError(
    'FailedPrecondition',
    `delivery ${JSON.stringify(level)} was asked for, and the broker has ${Object.keys(levels).join(' and ')}`,
    { executed: 'no' },
  );
}

const acknowledgedOnly = ['ackWaitMs', 'maxAttempts', 'backoff', 'deadLetter', 'ordered', 'startFrom'] as const;

function refuseAcknowledged(options: SubscribeOptions): void {
  const given = acknowledgedOnly.find((name) => options[name] !== undefined && options[name] !== false);
  if (given === undefined || (given === 'startFrom' && options.startFrom === 'new')) return;
  throw new ServiceError(
    'FailedPrecondition',
    `subscribe.${given} was given, which needs delivery: 'atLeastOnce'; the subscription is at most once`,
    { executed: 'no' },
  );
}

function checkedQueue(queue: string | undefined): string | undefined {
  if (queue === undefined || (typeof queue === 'string' && queue.length <= 128 && queueForm.test(queue))) return queue;
  throw invalid(
    `queue is ${JSON.stringify(queue)}; it must be 1 to 128 letters, digits, "-", "_" and ":", with dots between`,
  );
}

function checkedDeadLetter({ deadLetter, queue }: SubscribeOptions): string | undefined {
  if (deadLetter === false) return undefined;
  if (deadLetter === undefined) return queue === undefined ? deadLetterTopic : `${deadLetterTopic}.${queue}`;
  return checkedTopic(deadLetter);
}

function checkedStart(start: StartFrom): StartFrom {
  if (start === 'new' || start === 'first') return start;
  const { timeMs, sequence } = Object(start) as { timeMs?: unknown; sequence?: unknown };
  if (isCount(timeMs) && sequence === undefined) return Object.freeze({ timeMs });
  if (isCount(sequence) && timeMs === undefined) return Object.freeze({ sequence });
  throw invalid(`startFrom is ${JSON.stringify(start)}; it must be 'new', 'first', { timeMs } or { sequence }`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function checkedBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(`${name} is ${JSON.stringify(value)}; it must be true or false`);
}

function number(name: string, given: number | undefined, min: number, max: number, fallback: number): number {
  return checkedNumber(`subscribe.${name}`, given, { min, max, fallback });
}

function invalid(text: string): ServiceError {
  return new ServiceError('InvalidArgument', `subscribe.${text}`, { executed: 'no' });
}

function unimplemented(what: string): ServiceError {
  return new ServiceError('Unimplemented', what, { executed: 'no' });
}

/** Where dead letters go, and below which those of queues do. */
export const deadLetterTopic = 'dead-letters';

const queueForm = /^[\w:-]+(\.[\w:-]+)*$/;
const defaultRedelivery: BackoffOptions = Object.freeze({ baseMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.5 });
