import { createHash } from 'node:crypto';
import { ServiceError } from '@tenon/contract';
import { deadLetterTopic } from '@tenon/contract/authoring';
import type { Channel, Options } from 'amqplib';
import type { ResolvedRabbitmqOptions } from './rabbitmq-options.js';

/** The names of exchanges and of all that is kept behind them. */
export type LayoutOptions = Pick<
  ResolvedRabbitmqOptions,
  'exchange' | 'exchangeIsDurable' | 'durableExchange' | 'queueNaming'
>;

/**
 * Declares both exchanges and binds each to the other: what is published at one level reaches subscribers of both, and go-micro's. RabbitMQ
 * routes a message once through each exchange and once into each queue, so that they are bound in a circle does no harm.
 */
export async function declareExchanges(channel: Channel, options: LayoutOptions): Promise<void> {
  const { exchange, exchangeIsDurable, durableExchange } = options;
  await channel.assertExchange(exchange, 'topic', { durable: exchangeIsDurable, autoDelete: false });
  await channel.assertExchange(durableExchange, 'topic', { durable: true, autoDelete: false });
  await channel.bindExchange(exchange, durableExchange, '#');
  await channel.bindExchange(durableExchange, exchange, '#');
}

/** A routing key that stands for the topics of a pattern: `>` is one token or more, `#` none or more. */
export function bindingKey(pattern: string): string {
  return pattern.endsWith('>') ? `${pattern.slice(0, -1)}*.#` : pattern;
}

/** A topic as a routing key, of which AMQP takes 255 bytes. Throws `InvalidArgument`. */
export function routingKey(topic: string): string {
  if (topic.length <= maxNameBytes) return topic;
  throw new ServiceError('InvalidArgument', `the topic has ${topic.length} characters; RabbitMQ takes up to 255`, {
    executed: 'no',
  });
}

/** At most once: the queue that members share; `''` for one of the server's naming. */
export function pushedQueue(topic: string, queue: string | undefined, options: LayoutOptions): string {
  if (queue === undefined) return '';
  return options.queueNaming === 'go-micro' ? queue : shortened(`${options.exchange}:${queue}@${topic}`);
}

/** At least once: the queue that members share, or one subscriber's own. */
export function keptQueue(topic: string, queue: string | undefined, options: LayoutOptions): string {
  return shortened(`${options.durableExchange}:${queue ?? `one-${crypto.randomUUID()}`}@${topic}`);
}

/**
 * Quorum queues, because they alone count how often a message was handed out: that is what finds the message of which processes die.
 * The limit is beyond reach, for giving up is ours; with one, what comes back goes to the head of the queue rather than to its end.
 */
export function keptQueueOptions(isOrdered: boolean, isOfOne: boolean): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': beyondReach,
      ...(isOrdered ? { 'x-single-active-consumer': true } : {}),
      ...(isOfOne ? { 'x-expires': forgottenAfterMs } : {}),
    },
  };
}

/** Where what was handed back waits: for delays up to `levelMs`, and back to one queue. */
export function retryQueue(queue: string, levelMs: number): string {
  return `${queue}.retry-${levelMs}`;
}

/** What expires goes back to its queue alone, and leaves only when that has it: such is the strategy, and it wants the overflow. */
export function retryQueueOptions(queue: string): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': queue,
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    },
  };
}

/**
 * The retry queue for a delay. A message is looked at only at a queue's head, so one with a short wait may stand behind one with a long:
 * levels that are four times apart let it wait at most four times as long as it should, with two or three queues in ordinary use.
 */
export function retryLevelMs(delayMs: number): number {
  let level = 16;
  while (level < delayMs) level *= 4;
  return level;
}

/** The queue that keeps the dead letters of a topic, and what it is bound with. One keeps `dead-letters` and all below it. */
export function deadLetterQueue(topic: string, { durableExchange }: LayoutOptions): { name: string; key: string } {
  const isCommon = topic === deadLetterTopic || topic.startsWith(`${deadLetterTopic}.`);
  if (isCommon) return { name: `${durableExchange}:${deadLetterTopic}`, key: `${deadLetterTopic}.#` };
  return { name: shortened(`${durableExchange}:${deadLetterTopic}@${topic}`), key: topic };
}

/** Names of queues have up to 255 bytes, and the retry queues add to them. */
function shortened(name: string): string {
  if (name.length <= 230) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.slice(0, 213)}#${hash}`;
}

const maxNameBytes = 255;
const beyondReach = 1_000_000;
/** So long a subscriber without a queue may be away and finds what came meanwhile. */
const forgottenAfterMs = 300_000;
