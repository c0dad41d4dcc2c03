import { type DeliveryLevel, ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { type NatsLinkOptions, type ResolvedNatsLink, resolveNatsLink } from '@tenon/nats/options';
import {
  type JetStreamOptions,
  type ResolvedJetStreamOptions,
  resolveJetStreamOptions,
} from './jetstream/jetstream-options.js';

/** The form of a message on its subject: Tenon's binary one, or the JSON that go-micro services read and write. */
export type NatsEnvelope = 'tenon' | 'go-micro';

/** How to reach NATS, and how much to hold for it. All fields are optional. */
export interface NatsOptions extends NatsLinkOptions {
  /** Both sides must use the same. Default `tenon`. */
  readonly envelope?: NatsEnvelope | undefined;
  /** The level of delivery where none is asked for. Default `atMostOnce`. */
  readonly delivery?: DeliveryLevel | undefined;
  /**
   * How JetStream keeps what is to be delivered at least once: streams that are not there are made as this says. It wants a server
   * with JetStream on (`nats-server -js`), and is not touched until something asks for at least once. `false` takes the level away.
   * Default `{}`.
   */
  readonly jetStream?: JetStreamOptions | false | undefined;
  /**
   * How much may wait to be published while the server is away or slow, in bytes, 1 to 1 GiB; each message counts for
   * its size and 256 bytes. Beyond it publishing rejects with `ResourceExhausted`. Default 16 MiB.
   */
  readonly maxPendingBytes?: number | undefined;
  /**
   * How long a message may wait to be published, in milliseconds, 1 to `Infinity`; then publishing rejects with
   * `Unavailable`. Default 10,000, which is the default deadline of a call.
   */
  readonly maxPendingMs?: number | undefined;
  /**
   * How many received messages of one subscription may wait for a handler, 1 to 1,048,576. Further ones are dropped,
   * counted and logged. Default 65,536.
   */
  readonly maxWaitingMessages?: number | undefined;
  /**
   * How many bytes of received messages one subscription may hold, waiting and in hand, 1 to 4 GiB. Further messages
   * are dropped like those over `maxWaitingMessages`. Default 64 MiB, as in NATS's Go client.
   */
  readonly maxWaitingBytes?: number | undefined;
  /**
   * How long publishing stays held after a reconnect, in milliseconds, 0 to 60,000: NATS keeps nothing for a subscriber
   * that is not back yet. Default 500 more than `reconnect.maxMs`: with the same settings everyone has dialled by then.
   */
  readonly rejoinMs?: number | undefined;
}

/** {@link NatsOptions} with every default filled in. */
export interface ResolvedNatsOptions extends ResolvedNatsLink {
  readonly envelope: NatsEnvelope;
  readonly delivery: DeliveryLevel;
  readonly jetStream: ResolvedJetStreamOptions | undefined;
  readonly maxPendingBytes: number;
  readonly maxPendingMs: number;
  readonly maxWaitingMessages: number;
  readonly maxWaitingBytes: number;
  readonly rejoinMs: number;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveNatsOptions(options: NatsOptions = {}): ResolvedNatsOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`natsBroker.${name}`, options[name], { min, max, fallback });
  const link = resolveNatsLink('natsBroker', options);
  return Object.freeze({
    ...link,
    envelope: checkedEnvelope(options.envelope ?? 'tenon'),
    delivery: checkedDelivery(options),
    jetStream: resolvedJetStream(options.jetStream ?? {}),
    maxPendingBytes: number('maxPendingBytes', 1, 1_024 ** 3, 16 * 1_024 ** 2),
    maxPendingMs: number('maxPendingMs', 1, Number.POSITIVE_INFINITY, 10_000),
    maxWaitingMessages: number('maxWaitingMessages', 1, 1_024 ** 2, 65_536),
    maxWaitingBytes: number('maxWaitingBytes', 1, 4 * 1_024 ** 3, 64 * 1_024 ** 2),
    rejoinMs: number('rejoinMs', 0, 60_000, Math.min(link.reconnect.maxMs + 500, 60_000)),
  });
}

type NumberOption = {
  [K in keyof NatsOptions]-?: NatsOptions[K] extends number | undefined ? K : never;
}[keyof NatsOptions];

function checkedDelivery({ delivery = 'atMostOnce', jetStream }: NatsOptions): DeliveryLevel {
  if (delivery !== 'atMostOnce' && delivery !== 'atLeastOnce')
    throw invalid(`delivery is ${JSON.stringify(delivery)}; it must be "atMostOnce" or "atLeastOnce"`);
  if (delivery === 'atLeastOnce' && jetStream === false) throw invalid('delivery "atLeastOnce" needs jetStream');
  return delivery;
}

function resolvedJetStream(given: JetStreamOptions | false): ResolvedJetStreamOptions | undefined {
  if (given === false) return undefined;
  if (typeof given === 'object' && given !== null) return resolveJetStreamOptions(given);
  throw invalid(`jetStream is ${JSON.stringify(given)}; it must be false or an object of options`);
}

function checkedEnvelope(envelope: NatsEnvelope): NatsEnvelope {
  if (envelope === 'tenon' || envelope === 'go-micro') return envelope;
  throw invalid(`envelope is ${JSON.stringify(envelope)}; it must be "tenon" or "go-micro"`);
}

function invalid(text: string): ServiceError {
  return new ServiceError('InvalidArgument', `natsBroker.${text}`, { executed: 'no' });
}
