import { createHash } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import type { SubscriptionTerms } from '@tenon/contract/authoring';
import { jetStreamErrors } from '@tenon/nats';
import { askJetStream, isApiError } from './jetstream-api.js';
import { nsPerMs } from './streams.js';

/** The configuration of a consumer, as far as it is read. */
type Config = Readonly<Record<string, unknown>>;

/** The name of the consumer that a queue's members share: the same for the same queue and topic everywhere. */
export function consumerName(topic: string, queue: string): string {
  const hash = createHash('sha256').update(`${queue}\n${topic}`).digest('hex').slice(0, 8);
  return `${queue.replaceAll('.', '_')}-${hash}`;
}

/**
 * Makes the consumer of a subscription, or finds it. Where it begins is decided by whoever makes it; how long the server waits for
 * an acknowledgement, and whether it keeps order, by whoever comes last.
 *
 * @param from - of a subscription without a queue whose consumer is gone: the place where it was.
 */
export async function ensureConsumer(
  connection: NatsConnection,
  stream: string,
  name: string,
  terms: SubscriptionTerms,
  from?: number,
): Promise<void> {
  const wanted = {
    ack_wait: terms.ackWaitMs * nsPerMs,
    max_ack_pending: terms.ordered ? 1 : maxUnacknowledged,
  };
  const known = await configOf(connection, stream, name);
  if (known !== undefined) {
    if (known['ack_wait'] === wanted.ack_wait && known['max_ack_pending'] === wanted.max_ack_pending) return;
    await create(connection, stream, name, { ...known, ...wanted });
    return;
  }
  await create(connection, stream, name, {
    ...(terms.queue === undefined ? { name, inactive_threshold: forgottenAfterMs * nsPerMs } : { durable_name: name }),
    ...beginning(terms, from),
    ...wanted,
    ack_policy: 'explicit',
    replay_policy: 'instant',
    filter_subject: terms.topic,
    // Who has failed too often is put among the dead letters by us.
    max_deliver: -1,
  });
}

/** Removes a consumer; that it is gone already is fine. */
export async function deleteConsumer(connection: NatsConnection, stream: string, name: string): Promise<void> {
  await askJetStream(connection, `CONSUMER.DELETE.${stream}.${name}`, undefined).catch(() => {});
}

async function configOf(connection: NatsConnection, stream: string, name: string): Promise<Config | undefined> {
  try {
    const info = await askJetStream<{ readonly config: Config }>(
      connection,
      `CONSUMER.INFO.${stream}.${name}`,
      undefined,
    );
    return info.config;
  } catch (thrown) {
    if (isApiError(thrown, jetStreamErrors.consumerNotFound)) return undefined;
    throw thrown;
  }
}

async function create(connection: NatsConnection, stream: string, name: string, config: Config): Promise<void> {
  const operation = config['durable_name'] === undefined ? 'CONSUMER.CREATE' : 'CONSUMER.DURABLE.CREATE';
  await askJetStream(connection, `${operation}.${stream}.${name}`, { stream_name: stream, config });
}

function beginning({ startFrom }: SubscriptionTerms, from: number | undefined): Config {
  if (from !== undefined) return { deliver_policy: 'by_start_sequence', opt_start_seq: from };
  if (startFrom === 'new') return { deliver_policy: 'new' };
  if (startFrom === 'first') return { deliver_policy: 'all' };
  if ('sequence' in startFrom)
    return { deliver_policy: 'by_start_sequence', opt_start_seq: Math.max(1, startFrom.sequence) };
  return { deliver_policy: 'by_start_time', opt_start_time: new Date(startFrom.timeMs).toISOString() };
}

/** What members take is bounded by what they ask for. */
const maxUnacknowledged = 65_536;
/** So long a subscriber without a queue may be away and finds its place again. */
const forgottenAfterMs = 300_000;
