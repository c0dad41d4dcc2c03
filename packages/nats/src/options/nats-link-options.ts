import { ServiceError } from '@tenon/contract';
import { type BackoffOptions, checkedNumber } from '@tenon/contract/authoring';
import {
  type NatsConnectionOptions,
  type ResolvedNatsConnection,
  resolveNatsConnection,
} from './nats-connection-options.js';

/** {@link NatsConnectionOptions} of a connection that is made again whenever it is lost. All fields are optional. */
export interface NatsLinkOptions extends NatsConnectionOptions {
  /** What the server's connection list shows, 1 to 128 characters. Default `tenon`. */
  readonly name?: string | undefined;
  /**
   * The waits between attempts to reach a server again; there is always a next one. Default
   * `{ baseMs: 100, factor: 2, maxMs: 1_000, jitter: 1 }`.
   */
  readonly reconnect?: Partial<BackoffOptions> | undefined;
}

/** {@link NatsLinkOptions} with every default filled in. */
export interface ResolvedNatsLink extends ResolvedNatsConnection {
  readonly name: string;
  readonly reconnect: BackoffOptions;
}

/**
 * Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range.
 *
 * @param owner - whose options they are, as the user wrote it: `natsBroker`.
 */
export function resolveNatsLink(owner: string, options: NatsLinkOptions): ResolvedNatsLink {
  return Object.freeze({
    ...resolveNatsConnection(owner, options),
    name: checkedName(owner, options.name ?? 'tenon'),
    reconnect: resolveReconnect(owner, options.reconnect ?? {}),
  });
}

function checkedName(owner: string, name: string): string {
  if (typeof name === 'string' && name.length >= 1 && name.length <= 128) return name;
  throw new ServiceError('InvalidArgument', `${owner}.name must have 1 to 128 characters`, { executed: 'no' });
}

function resolveReconnect(owner: string, given: Partial<BackoffOptions>): BackoffOptions {
  const number = (name: keyof BackoffOptions, min: number, max: number, fallback: number, integer: boolean): number =>
    checkedNumber(`${owner}.reconnect.${name}`, given[name], { min, max, fallback, integer });
  return Object.freeze({
    baseMs: number('baseMs', 1, 60_000, 100, true),
    factor: number('factor', 1, 10, 2, false),
    maxMs: number('maxMs', 1, 60_000, 1_000, true),
    jitter: number('jitter', 0, 1, 1, false),
  });
}
