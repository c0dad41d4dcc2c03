import { rejectsWith } from '@tenon/conformance';
import { Broker, Clock, isProvider, Logger } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { redisBroker } from './redis-broker-provider.js';

describe('redisBroker', () => {
  it('is a recipe for a Broker, and making it opens nothing', () => {
    const clock = new FakeClock();
    const provider = redisBroker();
    expect([isProvider(provider), provider.token, provider.dependencies]).toEqual([true, Broker, [Logger, Clock]]);
    const create = provider.create as unknown as (logger: Logger, clock: Clock) => Broker;
    const broker = create(silentLogger(), clock);
    expect(broker.capabilities).toEqual({
      delivery: 'atMostOnce',
      levels: {
        atMostOnce: { whileDown: 'buffers', patterns: true, replays: false, outlives: 'nothing' },
        atLeastOnce: { whileDown: 'buffers', patterns: false, replays: true, outlives: 'publisher' },
      },
    });
    expect([broker.contentType, clock.pending]).toEqual(['application/msgpack', 0]);
  });

  it('promises to outlive the server only where the options vouch for it', () => {
    const create = redisBroker({ delivery: 'atLeastOnce', outlives: 'broker' }).create as unknown as (
      logger: Logger,
      clock: Clock,
    ) => Broker;
    const { delivery, levels } = create(silentLogger(), new FakeClock()).capabilities;
    expect([delivery, levels.atLeastOnce?.outlives]).toEqual(['atLeastOnce', 'broker']);
  });

  it('refuses wrong options where they are written, not at the start', async () => {
    await rejectsWith(() => redisBroker({ connectTimeoutMs: 5_000 }), 'InvalidArgument');
  });
});
