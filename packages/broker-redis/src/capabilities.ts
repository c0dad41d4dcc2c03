import type { BrokerCapabilities, LevelCapabilities } from '@tenon/contract';
import type { ResolvedRedisOptions } from './redis-options.js';

/** What the broker promises under its options. */
export function capabilitiesOf({ delivery, outlives }: ResolvedRedisOptions): BrokerCapabilities {
  return Object.freeze({
    delivery,
    levels: Object.freeze({ atMostOnce, atLeastOnce: Object.freeze({ ...kept, outlives }) }),
  });
}

/** Channels keep nothing: who is not there when a message comes has missed it. */
const atMostOnce = Object.freeze<LevelCapabilities>({
  whileDown: 'buffers',
  patterns: true,
  replays: false,
  outlives: 'nothing',
});
/** A group reads one stream, and a stream keeps one topic. */
const kept = Object.freeze({ whileDown: 'buffers', patterns: false, replays: true } as const);
