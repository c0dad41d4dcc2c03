import { ServiceError } from '@tenon/contract';
import { type BackoffOptions, checkedBackoff, checkedNumber } from '@tenon/contract/authoring';

/** How to reach Consul, and how patient to be with it. All fields are optional. */
export interface ConsulOptions {
  /**
   * The agent: `host:port`, `http://host:port` or `https://host:port`, with or without a path in front of `/v1`. Registrations are
   * kept by this one agent, so it is the one of this machine. Default `127.0.0.1:8500`.
   */
  readonly endpoint?: string | undefined;
  /** The ACL token, sent as `X-Consul-Token`. It needs `service:write` on what is registered, `service:read` and `node:read` to read. */
  readonly token?: string | undefined;
  /** For an agent behind a proxy with basic authentication. Goes together with `password`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Where lookups, lists and watches look. Registrations go to the agent's own. Default: the agent's own. */
  readonly datacenter?: string | undefined;
  /**
   * Consul's consistency mode of lookups and lists. `default`: the leader answers, stale only for the moment in which leaders change.
   * `consistent`: the leader asks the majority first. `stale`: any server answers, without a leader too. Watches ask `stale` where
   * this is `stale`, else `default`. Default `default`.
   */
  readonly consistency?: 'default' | 'consistent' | 'stale' | undefined;
  /** Talks TLS. An empty object trusts the machine's authorities and shows no certificate. */
  readonly tls?: ConsulTls | undefined;
  /** The deadline of each call, in milliseconds, 100 to 60,000. Default 5,000. */
  readonly callTimeoutMs?: number | undefined;
  /** How long `start` waits for an answer, in milliseconds, 100 to 2,000. Default 1,500. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long a watch lets Consul wait for a change before it answers all the same, in milliseconds, 1,000 to 600,000. A connection that is
   * half open is noticed after this time, a sixteenth of it, and three seconds. Default 10,000.
   */
  readonly waitMs?: number | undefined;
  /**
   * How long watches keep nodes that are missing after Consul was away or came back with older data, so that living services
   * have time to register or renew, in milliseconds, 0 to 60,000. Default 10,000.
   */
  readonly restoreGraceMs?: number | undefined;
  /** An answer that is larger is refused, in bytes, 65,536 to 1 GiB. Default 64 MiB. */
  readonly maxAnswerBytes?: number | undefined;
  /** The waits of registrations between attempts to reach Consul again. Default `{ baseMs: 500, factor: 1.6, maxMs: 4_000, jitter: 0.5 }`. */
  readonly backoff?: Partial<BackoffOptions> | undefined;
  /**
   * The same of watches, which have their last set meanwhile. They are also woken by whatever else of this registry reaches Consul
   * first. Default `{ baseMs: 1_200, factor: 1.6, maxMs: 120_000, jitter: 1 / 3 }`.
   */
  readonly watchBackoff?: Partial<BackoffOptions> | undefined;
}

/** PEM text, as string or bytes. */
export interface ConsulTls {
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: string | Buffer | undefined;
  /** Our certificate, for agents that ask for one. Goes together with `key`. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** The name in the agent's certificate, such as `server.dc1.consul`. Default: the host of `endpoint`. */
  readonly serverName?: string | undefined;
}

/** {@link ConsulOptions} with every default filled in. */
export interface ResolvedConsulOptions {
  /** With scheme, without a slash at its end. */
  readonly endpoint: string;
  /** What each request carries. */
  readonly headers: Readonly<Record<string, string>>;
  readonly datacenter: string | undefined;
  readonly consistency: 'default' | 'consistent' | 'stale';
  readonly tls: ConsulTls;
  readonly callTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly waitMs: number;
  readonly restoreGraceMs: number;
  readonly maxAnswerBytes: number;
  readonly backoff: BackoffOptions;
  readonly watchBackoff: BackoffOptions;
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option, its value and its range. */
export function resolveConsulOptions(options: ConsulOptions): ResolvedConsulOptions {
  const number = (name: NumberOption, min: number, max: number, fallback: number) =>
    checkedNumber(`consulRegistry.${name}`, options[name], { min, max, fallback });
  return Object.freeze({
    endpoint: checkedEndpoint(options.endpoint ?? '127.0.0.1:8500', options.tls !== undefined),
    headers: checkedHeaders(options),
    datacenter: checkedText('datacenter', options.datacenter),
    consistency: checkedConsistency(options.consistency ?? 'default'),
    tls: checkedTls(options.tls ?? {}),
    callTimeoutMs: number('callTimeoutMs', 100, 60_000, 5_000),
    connectTimeoutMs: number('connectTimeoutMs', 100, 2_000, 1_500),
    waitMs: number('waitMs', 1_000, 600_000, 10_000),
    restoreGraceMs: number('restoreGraceMs', 0, 60_000, 10_000),
    maxAnswerBytes: number('maxAnswerBytes', 65_536, 1_073_741_824, 67_108_864),
    backoff: checkedBackoff('consulRegistry.backoff', options.backoff, {
      baseMs: 500,
      factor: 1.6,
      maxMs: 4_000,
      jitter: 0.5,
    }),
    watchBackoff: checkedBackoff('consulRegistry.watchBackoff', options.watchBackoff, {
      baseMs: 1_200,
      factor: 1.6,
      maxMs: 120_000,
      jitter: 1 / 3,
    }),
  });
}

type NumberOption = 'callTimeoutMs' | 'connectTimeoutMs' | 'waitMs' | 'restoreGraceMs' | 'maxAnswerBytes';

function checkedEndpoint(endpoint: string, isSecure: boolean): string {
  const text = endpoint.includes('://') ? endpoint : `${isSecure ? 'https' : 'http'}://${endpoint}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.username === '' && url.search === '' && url.hash === '';
  if (!isPlain || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw invalid(
      `endpoint is ${JSON.stringify(endpoint)}; it must be host:port, http://host:port or https://host:port`,
    );
  }
  if (isSecure && url.protocol === 'http:') throw invalid(`endpoint is ${endpoint}, which goes without the option tls`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function checkedHeaders({ token, username, password }: ConsulOptions): Readonly<Record<string, string>> {
  if ((username === undefined) !== (password === undefined)) throw invalid('username and password go together');
  const headers: Record<string, string> = {};
  if (checkedText('token', token) !== undefined) headers['x-consul-token'] = String(token);
  if (username !== undefined) {
    headers['authorization'] = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
  return Object.freeze(headers);
}

/** The value is left out of the message: it may be a secret. */
function checkedText(option: 'token' | 'datacenter', text: string | undefined): string | undefined {
  if (text === undefined || /^[\u0021-\u007e]{1,256}$/.test(text)) return text;
  throw invalid(`${option} must be 1 to 256 visible characters of ASCII`);
}

function checkedConsistency(mode: string): 'default' | 'consistent' | 'stale' {
  if (mode === 'default' || mode === 'consistent' || mode === 'stale') return mode;
  throw invalid(`consistency is ${JSON.stringify(mode)}; it must be "default", "consistent" or "stale"`);
}

function checkedTls(tls: ConsulTls): ConsulTls {
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw invalid('tls.cert and tls.key go together');
  return Object.freeze({ ...tls });
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', `consulRegistry.${message}`, { executed: 'no' });
}
