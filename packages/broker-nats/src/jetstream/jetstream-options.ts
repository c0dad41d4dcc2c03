import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** How JetStream keeps messages: what streams are created with that are not there. All fields are optional. */
export interface JetStreamOptions {
  /** Where the server keeps them. `memory` is gone with it. Default `file`. */
  readonly storage?: 'file' | 'memory' | undefined;
  /** How many members of a cluster keep each message, 1, 3 or 5. Default 1. */
  readonly replicas?: 1 | 3 | 5 | undefined;
  /** How long a message is kept, handled or not, in milliseconds, 1,000 to `Infinity`. Default 604,800,000: 7 days. */
  readonly maxAgeMs?: number | undefined;
  /**
   * How many bytes a stream may hold, 65,536 to `Infinity`; then publishing rejects with `ResourceExhausted` until room is made. Default
   * `Infinity`: as much as the server's account may.
   */
  readonly maxBytes?: number | undefined;
  /**
   * How long a repeated publish of one message is known as such, in milliseconds, 1,000 to 86,400,000. Default 120,000, which is
   * the server's own.
   */
  readonly duplicateWindowMs?: number | undefined;
  /** How long one try to publish waits for the server's word, in milliseconds, 100 to 60,000; then it is sent again. Default 5,000. */
  readonly ackTimeoutMs?: number | undefined;
}

/** {@link JetStreamOptions} with every default filled in. */
export interface ResolvedJetStreamOptions {
  readonly storage: 'file' | 'memory';
  readonly replicas: number;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly duplicateWindowMs: number;
  readonly ackTimeoutMs: number;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveJetStreamOptions(options: JetStreamOptions): ResolvedJetStreamOptions {
  const number = (
    name: 'maxAgeMs' | 'maxBytes' | 'duplicateWindowMs' | 'ackTimeoutMs',
    min: number,
    max: number,
    fallback: number,
  ) => checkedNumber(`natsBroker.jetStream.${name}`, options[name], { min, max, fallback });
  const maxAgeMs = number('maxAgeMs', 1_000, Number.POSITIVE_INFINITY, 604_800_000);
  return Object.freeze({
    storage: oneOf<'file' | 'memory'>('storage', options.storage ?? 'file', ['file', 'memory']),
    replicas: oneOf<number>('replicas', options.replicas ?? 1, [1, 3, 5]),
    maxAgeMs,
    maxBytes: number('maxBytes', 65_536, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
    // The server takes no window that is longer than its messages live.
    duplicateWindowMs: Math.min(number('duplicateWindowMs', 1_000, 86_400_000, 120_000), maxAgeMs),
    ackTimeoutMs: number('ackTimeoutMs', 100, 60_000, 5_000),
  });
}

function oneOf<T>(name: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value;
  throw new ServiceError(
    'InvalidArgument',
    `natsBroker.jetStream.${name} is ${JSON.stringify(value)}; it must be ${known.map((one) => JSON.stringify(one)).join(' or ')}`,
    { executed: 'no' },
  );
}
