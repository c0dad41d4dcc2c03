import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { type NatsConnectionOptions, type ResolvedNatsConnection, resolveNatsConnection } from '@tenon/nats/options';

/** Where events are remembered, and for how long. All fields are optional. */
export interface NatsInboxOptions extends NatsConnectionOptions {
  /**
   * The bucket, 1 to 64 letters, digits, `-` and `_`: made where there is none, used as it is where there is one. All members of a queue
   * need the same. Default `tenon-inbox`.
   */
  readonly bucket?: string | undefined;
  /**
   * For how long an event is remembered, in milliseconds, 60,000 to 31,536,000,000 (a year): longer than it may come again, and than
   * `holdMs` of the inbox. It is the bucket's maximum age, and holds for a bucket that is made here. Default 86,400,000, a day.
   */
  readonly keepMs?: number | undefined;
  /** How many servers keep a bucket that is made here, 1 to 5. Default 1. */
  readonly replicas?: number | undefined;
  /** How long the server may take for one answer, in milliseconds, 50 to 30,000. Default 2,000. */
  readonly answerTimeoutMs?: number | undefined;
}

/** {@link NatsInboxOptions} with every default filled in. */
export interface ResolvedNatsInboxOptions extends ResolvedNatsConnection {
  readonly bucket: string;
  readonly keepMs: number;
  readonly replicas: number;
  readonly answerTimeoutMs: number;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveNatsInboxOptions(options: NatsInboxOptions = {}): ResolvedNatsInboxOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`natsInbox.${name}`, options[name], { min, max, fallback });
  return Object.freeze({
    ...resolveNatsConnection('natsInbox', options),
    bucket: checkedBucket(options.bucket ?? 'tenon-inbox'),
    keepMs: number('keepMs', 60_000, 365 * day, day),
    replicas: number('replicas', 1, 5, 1),
    answerTimeoutMs: number('answerTimeoutMs', 50, 30_000, 2_000),
  });
}

type NumberOption = {
  [K in keyof NatsInboxOptions]-?: NatsInboxOptions[K] extends number | undefined ? K : never;
}[keyof NatsInboxOptions];

function checkedBucket(bucket: string): string {
  if (typeof bucket === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(bucket)) return bucket;
  const text = `natsInbox.bucket is ${JSON.stringify(bucket)}; it must be 1 to 64 letters, digits, "-" and "_"`;
  throw new ServiceError('InvalidArgument', text, { executed: 'no' });
}

const day = 86_400_000;
