import { defaultMaxMessageBytes, ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** Options of the default server. */
export interface ServerOptions {
  /**
   * Where to listen, `host:port`; port 0 is any free one. Default `127.0.0.1:0`: nobody beyond this machine, unless told.
   * `0.0.0.0` and `::` want `insecure: true`, because calls then cross the network unencrypted.
   */
  readonly listen?: string;
  /**
   * What others are told to dial, `host:port` or `host`. Default: the listen address, a wildcard replaced by this
   * machine's first private address.
   */
  readonly advertise?: string;
  /** Listens on every interface without TLS. Default false. */
  readonly insecure?: boolean;
  /** How long a registration outlives a crash. Range 1,000 to 86,400,000 ms, default 15,000; renewed each third of it. */
  readonly ttlMs?: number;
  /** No call may run longer, whatever its caller says. Range 1 to 3,600,000 ms, default 60,000. */
  readonly maxDeadlineMs?: number;
  /** The largest request body. Range 1,024 to 1 GiB, default 4 MiB. */
  readonly maxMessageBytes?: number;
}

export interface ResolvedServerOptions {
  readonly host: string;
  readonly port: number;
  readonly advertise: string | undefined;
  readonly ttlMs: number;
  readonly maxDeadlineMs: number;
  readonly maxMessageBytes: number;
}

export function resolveServerOptions(options: ServerOptions = {}): ResolvedServerOptions {
  const { host, port } = parseListen(options.listen ?? '127.0.0.1:0');
  if (isWildcard(host) && options.insecure !== true) {
    throw new ServiceError(
      'InvalidArgument',
      `server.listen is ${options.listen}: listening on every interface without TLS wants insecure: true; 127.0.0.1 or one private address does not`,
      { executed: 'no' },
    );
  }
  return Object.freeze({
    host,
    port,
    advertise: options.advertise,
    ttlMs: checkedNumber('server.ttlMs', options.ttlMs, { min: 1_000, max: 86_400_000, fallback: 15 * 1_000 }),
    maxDeadlineMs: checkedNumber('server.maxDeadlineMs', options.maxDeadlineMs, {
      min: 1,
      max: 3_600_000,
      fallback: 60 * 1_000,
    }),
    maxMessageBytes: checkedNumber('server.maxMessageBytes', options.maxMessageBytes, {
      min: 1_024,
      max: 1_024 ** 3,
      fallback: defaultMaxMessageBytes,
    }),
  });
}

/** Whether a host means every interface. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '';
}

/** Splits `host:port`; IPv6 hosts stand in brackets. */
function parseListen(listen: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new ServiceError(
      'InvalidArgument',
      `server.listen is ${JSON.stringify(listen)}; it must be host:port, such as 127.0.0.1:0 or [::1]:8080`,
      {
        executed: 'no',
      },
    );
  }
  return { host: match[1] ?? match[2] ?? '', port };
}
