import { type Documented, defaultsInDocstrings, defaultsInTable } from './documented.js';

/** Where defaults are documented, and by which fields the object is known that has them at run time. */
export interface DefaultsTable {
  /** Before the options' names in what is found: `server`. */
  readonly of: string;
  /** A page and a heading, or a file and an interface. */
  readonly documented: () => readonly Documented[];
  /** Names that only this object has together. */
  readonly knownBy: readonly string[];
  /** Where an option stands in it, if not under its own name. */
  readonly paths?: Readonly<Record<string, string>>;
  /** Options that are read back otherwise. */
  readonly elsewhere?: readonly string[];
  /** Options that one of the two apps is told by the environment: where etcd and NATS are. */
  readonly told?: readonly string[];
}

/** Whose every table of options must be among those below. */
export const page = 'docs/configuration.md';

export const defaultsTables: readonly DefaultsTable[] = [
  {
    of: 'createApp',
    documented: () => defaultsInTable(page, 'createApp'),
    knownBy: ['drainTimeoutMs', 'startTimeoutMs', 'failFast'],
    elsewhere: ['profile'],
  },
  {
    of: 'server',
    documented: () => defaultsInTable(page, 'server'),
    knownBy: ['ttlMs', 'maxDeadlineMs'],
    elsewhere: ['listen'],
  },
  {
    of: 'server.concurrency',
    documented: () => defaultsInTable(page, 'server.concurrency'),
    knownBy: ['initial', 'min', 'max'],
  },
  {
    of: 'server.queue',
    documented: () => defaultsInTable(page, 'server.queue'),
    knownBy: ['maxCalls', 'targetMs', 'intervalMs'],
  },
  {
    of: 'server.idempotency',
    documented: () => defaultsInTable(page, 'server.idempotency'),
    knownBy: ['windowMs', 'maxEntries'],
  },
  { of: 'client', documented: () => defaultsInTable(page, 'client'), knownBy: ['timeoutMs', 'idleConnectionMs'] },
  {
    of: 'client.retry',
    documented: () => defaultsInTable(page, 'client.retry'),
    knownBy: ['maxAttempts', 'backoff'],
    paths: { backoffBaseMs: 'backoff.baseMs', backoffMaxMs: 'backoff.maxMs' },
  },
  {
    of: 'client.retry.budget',
    documented: () => defaultsInTable(page, 'client.retry.budget'),
    knownBy: ['ratio', 'reserve', 'reservePerSecond'],
  },
  {
    of: 'client.silence',
    documented: () => defaultsInTable(page, 'client.silence'),
    knownBy: ['afterMs', 'timeoutMs'],
  },
  {
    of: 'client.breaker',
    documented: () => defaultsInTable(page, 'client.breaker'),
    knownBy: ['failureRatio', 'minCalls'],
  },
  {
    of: 'registrySelector',
    documented: () => defaultsInTable(page, 'registrySelector'),
    knownBy: ['panicBelow', 'slowStartMs'],
  },
  {
    of: 'registrySelector.ejection',
    documented: () => defaultsInTable(page, 'registrySelector.ejection'),
    knownBy: ['consecutiveFailures', 'minSuccessRate'],
  },
  { of: 'tls', documented: () => defaultsInTable(page, 'tls'), knownBy: ['reloadMs', 'mutual'] },
  {
    of: 'etcdRegistry',
    documented: () => defaultsInTable('packages/registry-etcd/README.md', 'Options'),
    knownBy: ['relistIntervalMs', 'silenceTimeoutMs'],
    told: ['endpoints'],
  },
  {
    of: 'natsBroker',
    documented: () => defaultsInTable('packages/broker-nats/README.md', '@tenon/broker-nats'),
    knownBy: ['maxPendingBytes', 'maxWaitingMessages'],
    told: ['servers'],
  },
  {
    of: 'tcpTransport',
    documented: () => defaultsInTable('packages/transport-tcp/README.md', 'Options'),
    knownBy: ['maxStreamBufferBytes', 'limits'],
    paths: {
      maxMessageBytes: 'limits.messageBytes',
      maxCalls: 'limits.calls',
      maxStreams: 'limits.streams',
      windowBytes: 'limits.window',
      connectionWindowBytes: 'limits.connectionWindow',
    },
  },
  {
    of: 'httpTransport',
    documented: () => defaultsInTable('packages/transport-http/README.md', 'Options'),
    knownBy: ['maxSockets', 'maxIdleMs'],
  },
  {
    of: 'SharedPort',
    documented: () => defaultsInDocstrings('packages/core/src/port/shared-port-options.ts', 'SharedPortOptions'),
    knownBy: ['maxConnections', 'headersTimeoutMs', 'sessionIdleMs'],
    elsewhere: ['port'],
  },
];
