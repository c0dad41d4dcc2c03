import { randomUUID } from 'node:crypto';
import { checkedTopicPattern, type DeliveryLevel, type Node, noMetadata, type ServiceRecord } from '@tenon/contract';
import type { SubscriptionTerms } from '@tenon/contract/authoring';

/** One subscription, as publishers find it in the registry. */
export interface Subscriber {
  /** The id of its node, of its own: two subscriptions never share one. */
  readonly id: string;
  readonly address: string;
  readonly isSecure: boolean;
  /** A topic; of Tenon's a pattern too. */
  readonly topic: string;
  readonly queue: string | undefined;
  /** What Tenon's tell of themselves; undefined for go-micro's. */
  readonly tenon: TenonTerms | undefined;
}

/** What Tenon adds to go-micro's record. */
export interface TenonTerms {
  readonly delivery: DeliveryLevel;
  /** How many messages it takes at once, at least once. */
  readonly maxInFlight: number;
  /** How long it may be silent over a message that it handles, in milliseconds. */
  readonly ackWaitMs: number;
  readonly ordered: boolean;
}

/** Where the records of all HTTP brokers are: go-micro's name. */
export const brokerService = 'micro.http.broker';
/** The version of subscriptions without a queue: go-micro's name. */
const broadcastVersion = 'ff.http.broadcast';

/** Describes a new subscription, with an id of its own. */
export function newSubscriber(terms: SubscriptionTerms, address: string, isSecure: boolean): Subscriber {
  const { topic, queue, delivery, maxInFlight, ackWaitMs, ordered } = terms;
  // 63 bytes are one DNS label, which registries without a server want.
  const id = `${topic.slice(0, 26)}-${randomUUID()}`;
  return { id, address, isSecure, topic, queue, tenon: { delivery, maxInFlight, ackWaitMs, ordered } };
}

/** The registry record of a subscription. */
export function subscriberRecord({ id, address, isSecure, topic, queue, tenon }: Subscriber): ServiceRecord {
  const metadata = {
    broker: 'http',
    topic,
    secure: String(isSecure),
    ...(tenon === undefined
      ? {}
      : {
          'tenon-delivery': tenon.delivery,
          'tenon-max-in-flight': String(tenon.maxInFlight),
          'tenon-ack-wait-ms': String(tenon.ackWaitMs),
          ...(tenon.ordered ? { 'tenon-ordered': 'true' } : {}),
        }),
  };
  return {
    name: brokerService,
    version: queue ?? broadcastVersion,
    metadata: noMetadata,
    endpoints: [],
    nodes: [{ id, address, metadata }],
  };
}

/** The subscriptions in some records, which came from outside: what is none is left out. */
export function subscribersIn(records: readonly ServiceRecord[]): readonly Subscriber[] {
  return records.flatMap(({ version, nodes }) =>
    nodes.flatMap((node) => subscriberOf(node, version === broadcastVersion ? undefined : version) ?? []),
  );
}

function subscriberOf({ id, address, metadata }: Node, queue: string | undefined): Subscriber | undefined {
  const { topic = '', broker, secure } = metadata;
  if (broker !== 'http' || topic === '' || id === '' || !/^[^\s/?#@]+:\d{1,5}$/.test(address)) return undefined;
  const tenon = tenonTerms(metadata);
  if (tenon !== undefined && !isPattern(topic)) return undefined;
  return { id, address, isSecure: secure === 'true', topic, queue, tenon };
}

function tenonTerms(metadata: Readonly<Record<string, string>>): TenonTerms | undefined {
  const delivery = metadata['tenon-delivery'];
  if (delivery !== 'atMostOnce' && delivery !== 'atLeastOnce') return undefined;
  const number = (key: string, min: number, max: number, fallback: number): number => {
    const value = Number(metadata[key]);
    return Number.isSafeInteger(value) && value >= min && value <= max ? value : fallback;
  };
  return {
    delivery,
    maxInFlight: number('tenon-max-in-flight', 1, 65_536, 1),
    ackWaitMs: number('tenon-ack-wait-ms', 100, 3_600_000, 30_000),
    ordered: metadata['tenon-ordered'] === 'true',
  };
}

function isPattern(topic: string): boolean {
  try {
    checkedTopicPattern(topic);
    return true;
  } catch {
    return false;
  }
}
