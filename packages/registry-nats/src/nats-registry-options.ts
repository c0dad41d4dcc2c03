import { type BackoffOptions, checkedBackoff, checkedNumber } from '@tenon/contract/authoring';
import {
  checkedSubject,
  type NatsConnectionOptions,
  type ResolvedNatsConnection,
  resolveNatsConnection,
} from '@tenon/nats/options';

/** How to reach NATS, and how long to listen. All fields are optional. */
export interface NatsRegistryOptions extends NatsConnectionOptions {
  /** The subject on which nodes are asked for. Default `micro.nats.query`, which is go-micro's. */
  readonly querySubject?: string | undefined;
  /** The subject on which nodes tell of themselves. Default `micro.nats.watch`, which is go-micro's. */
  readonly watchSubject?: string | undefined;
  /** How long a question waits for answers, in milliseconds, 10 to 10,000. Default 100, as in go-micro. */
  readonly queryWaitMs?: number | undefined;
  /**
   * How long a node counts that does not say how long, as those of go-micro, after it was last heard of, in milliseconds, 1,000 to
   * 3,600,000. Default 90,000: go-micro tells of itself each 30 s.
   */
  readonly foreignTtlMs?: number | undefined;
  /** How often a quiet connection is tested, in milliseconds, 100 to 120,000; three intervals without an answer end it. Default 5,000. */
  readonly pingIntervalMs?: number | undefined;
  /** The waits between attempts to connect again. Default `{ baseMs: 500, factor: 1.6, maxMs: 4_000, jitter: 0.5 }`. */
  readonly backoff?: Partial<BackoffOptions> | undefined;
}

/** {@link NatsRegistryOptions} with every default filled in. */
export interface ResolvedNatsRegistryOptions extends ResolvedNatsConnection {
  readonly querySubject: string;
  readonly watchSubject: string;
  readonly queryWaitMs: number;
  readonly foreignTtlMs: number;
  readonly backoff: BackoffOptions;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveNatsRegistryOptions(options: NatsRegistryOptions = {}): ResolvedNatsRegistryOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number): number =>
    checkedNumber(`natsRegistry.${name}`, options[name], { min, max, fallback });
  return Object.freeze({
    ...resolveNatsConnection('natsRegistry', options, 5_000),
    querySubject: checkedSubject('natsRegistry.querySubject', options.querySubject ?? 'micro.nats.query'),
    watchSubject: checkedSubject('natsRegistry.watchSubject', options.watchSubject ?? 'micro.nats.watch'),
    queryWaitMs: number('queryWaitMs', 10, 10_000, 100),
    foreignTtlMs: number('foreignTtlMs', 1_000, 3_600_000, 90_000),
    backoff: checkedBackoff('natsRegistry.backoff', options.backoff, {
      baseMs: 500,
      factor: 1.6,
      maxMs: 4_000,
      jitter: 0.5,
    }),
  });
}

type NumberOption = {
  [K in keyof NatsRegistryOptions]-?: NatsRegistryOptions[K] extends number | undefined ? K : never;
}[keyof NatsRegistryOptions];
