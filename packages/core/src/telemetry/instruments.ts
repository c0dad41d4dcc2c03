import type { Counter, Gauge, Histogram, InstrumentInfo, Meter } from '@tenon/contract';

/** An instrument of ours, with the labels that its series have. */
export interface Instrument extends InstrumentInfo {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
}

/**
 * Everything that clients and servers measure: the one list, which the documentation's table repeats. Label values are names of
 * services, endpoints and nodes that this process knows, or words from a fixed set; what a peer makes up is counted as `unknown`.
 */
export const instruments = Object.freeze({
  retries: {
    type: 'counter',
    name: 'tenon.client.retries',
    unit: '{retry}',
    description: 'Attempts after the first. `budget` is `free` for calls that had never left, else `drawn`.',
    labels: ['service', 'endpoint', 'reason', 'budget'],
  },
  budgetEmpty: {
    type: 'counter',
    name: 'tenon.client.retry_budget_empty',
    unit: '{call}',
    description: 'Calls that failed though another attempt was allowed, because the retry budget had no token left.',
    labels: ['service', 'endpoint'],
  },
  hedges: {
    type: 'counter',
    name: 'tenon.client.hedges',
    unit: '{attempt}',
    description: 'Second attempts of hedged calls. `result` is `won` or `lost`.',
    labels: ['service', 'endpoint', 'result'],
  },
  ejections: {
    type: 'counter',
    name: 'tenon.client.ejections',
    unit: '{ejection}',
    description: 'Nodes taken out of selection for a while, by the reason.',
    labels: ['service', 'node', 'reason'],
  },
  ejected: {
    type: 'gauge',
    name: 'tenon.client.ejected_nodes',
    unit: '{node}',
    description: 'Nodes of a service that are out of selection now.',
    labels: ['service'],
  },
  panics: {
    type: 'counter',
    name: 'tenon.client.panics',
    unit: '{panic}',
    description: 'Times that so few nodes of a service were healthy that ejected ones were used again.',
    labels: ['service'],
  },
  silences: {
    type: 'counter',
    name: 'tenon.client.silent_nodes',
    unit: '{node}',
    description: 'Connected nodes that gave no sign of life when they were asked for one.',
    labels: ['service', 'node'],
  },
  breakers: {
    type: 'counter',
    name: 'tenon.client.breaker_changes',
    unit: '{change}',
    description: 'Changes of a circuit breaker, by what it became: `open`, `half_open` or `closed`.',
    labels: ['service', 'endpoint', 'state'],
  },
  fallbacks: {
    type: 'counter',
    name: 'tenon.client.fallbacks',
    unit: '{call}',
    description: 'Failed calls that were answered by their fallback.',
    labels: ['service', 'endpoint'],
  },
  shed: {
    type: 'counter',
    name: 'tenon.server.shed',
    unit: '{call}',
    description:
      'Calls turned away before their handler. `reason` is `queue_full`, `queue_delay`, `bulkhead`, `rate_limit` or `draining`.',
    labels: ['service', 'endpoint', 'reason', 'priority'],
  },
  concurrencyLimit: {
    type: 'gauge',
    name: 'tenon.server.concurrency_limit',
    unit: '{call}',
    description: 'How many unary calls the server lets run at once now.',
    labels: [],
  },
  queueDelay: {
    type: 'histogram',
    name: 'tenon.server.queue_delay',
    unit: 'ms',
    description: 'How long calls that had to wait for their turn waited, also those that were then turned away.',
    labels: ['priority'],
  },
  replays: {
    type: 'counter',
    name: 'tenon.server.idempotent_replays',
    unit: '{call}',
    description: 'Calls answered with the reply that their idempotency key had got before.',
    labels: ['service', 'endpoint'],
  },
  inboxRepeats: {
    type: 'counter',
    name: 'tenon.inbox.repeats',
    unit: '{event}',
    description: 'Events that came again after they had been handled, and were not handled again.',
    labels: ['service', 'subscription'],
  },
  inboxUnnoted: {
    type: 'counter',
    name: 'tenon.inbox.unnoted',
    unit: '{event}',
    description:
      'Events that were handled, of which the store could not be told: one that comes again is handled again.',
    labels: ['service', 'subscription'],
  },
  drains: {
    type: 'histogram',
    name: 'tenon.server.drain_duration',
    unit: 'ms',
    description: 'How long a step of leaving took.',
    labels: ['step'],
  },
  health: {
    type: 'gauge',
    name: 'tenon.health.check',
    unit: '1',
    description: 'The newest result of a health check: 1 where it passed, 0 where it failed.',
    labels: ['check', 'scope'],
  },
  eventLoopLag: {
    type: 'gauge',
    name: 'tenon.process.event_loop_lag',
    unit: 'ms',
    description: 'The longest that the event loop was late within the last interval of measuring.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, Instrument>>);

type Instruments = typeof instruments;
type Measuring<T extends Instrument['type']> = T extends 'counter' ? Counter : T extends 'gauge' ? Gauge : Histogram;

/** The instruments of one meter. */
export type Telemetry = { readonly [K in keyof Instruments]: Measuring<Instruments[K]['type']> };

/** Makes every instrument once. */
export function telemetryOf(meter: Meter): Telemetry {
  const made = Object.entries<Instrument>(instruments).map(([key, { type, name, unit, description }]) => [
    key,
    meter[type]({ name, unit, description }),
  ]);
  return Object.freeze(Object.fromEntries(made)) as Telemetry;
}
