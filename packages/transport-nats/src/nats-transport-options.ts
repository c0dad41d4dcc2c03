import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { checkedSubject, type NatsLinkOptions, type ResolvedNatsLink, resolveNatsLink } from '@tenon/nats/options';

/** How to reach NATS, under which subjects, and how patiently. All fields are optional. */
export interface NatsTransportOptions extends NatsLinkOptions {
  /** Nodes listen on `PREFIX.node.INSTANCE`. Only this side's nodes: others say where they listen. Default `tenon`. */
  readonly subjectPrefix?: string | undefined;
  /** Answers come to `PREFIX.ID.…`, for users whose permissions name another than the default `_INBOX`. */
  readonly inboxPrefix?: string | undefined;
  /**
   * Whether strangers may call: queue groups on `service.endpoint`, and `$SRV` answers, as NATS's service protocol has them. Default
   * true.
   */
  readonly micro?: boolean | undefined;
  /** The queue group in which strangers' calls are shared between nodes. Default `q`, as in NATS's own libraries. */
  readonly queueGroup?: string | undefined;
  /** How long `start`, and dialling a node, wait, in milliseconds, 50 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How often a node that works on a call of ours is asked for a sign of life, in milliseconds, 50 to 60,000. One that has gone is
   * noticed at the next question, one that is silent after three, and a caller that is silent after four. Default 5,000.
   */
  readonly signIntervalMs?: number | undefined;
}

/** {@link NatsTransportOptions} with every default filled in. */
export interface ResolvedNatsTransportOptions extends ResolvedNatsLink {
  readonly subjectPrefix: string;
  readonly inboxPrefix: string;
  readonly micro: boolean;
  readonly queueGroup: string;
  readonly signIntervalMs: number;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveNatsTransportOptions(options: NatsTransportOptions = {}): ResolvedNatsTransportOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`natsTransport.${name}`, options[name], { min, max, fallback });
  return Object.freeze({
    ...resolveNatsLink('natsTransport', options),
    subjectPrefix: checkedSubject('natsTransport.subjectPrefix', options.subjectPrefix ?? 'tenon'),
    inboxPrefix: checkedSubject('natsTransport.inboxPrefix', options.inboxPrefix ?? '_INBOX'),
    micro: checkedSwitch('natsTransport.micro', options.micro ?? true),
    queueGroup: checkedSubject('natsTransport.queueGroup', options.queueGroup ?? 'q'),
    signIntervalMs: number('signIntervalMs', 50, 60_000, 5_000),
  });
}

type NumberOption = {
  [K in keyof NatsTransportOptions]-?: NatsTransportOptions[K] extends number | undefined ? K : never;
}[keyof NatsTransportOptions];

function checkedSwitch(name: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value;
  throw new ServiceError('InvalidArgument', `${name} is ${JSON.stringify(value)}; it must be true or false`, {
    executed: 'no',
  });
}
