import { rejectsWith } from '@tenon/conformance';
import { Broker, Clock, isProvider, Logger } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { natsBroker } from './nats-broker-provider.js';

describe('natsBroker', () => {
  it('is a recipe for a Broker, and making it opens nothing', () => {
    const clock = new FakeClock();
    const provider = natsBroker({ envelope: 'go-micro' });
    expect([isProvider(provider), provider.token, provider.dependencies]).toEqual([true, Broker, [Logger, Clock]]);
    const create = provider.create as unknown as (logger: Logger, clock: Clock) => Broker;
    const broker = create(silentLogger(), clock);
    expect(broker.capabilities).toMatchObject({
      delivery: 'atMostOnce',
      levels: { atMostOnce: { whileDown: 'buffers', patterns: true } },
    });
    expect([broker.contentType, clock.pending]).toEqual(['application/json', 0]);
  });

  it('has both levels, and the one that is named where none is asked for', () => {
    const create = natsBroker({ delivery: 'atLeastOnce' }).create as unknown as (
      logger: Logger,
      clock: Clock,
    ) => Broker;
    const { delivery, levels } = create(silentLogger(), new FakeClock()).capabilities;
    expect([delivery, Object.keys(levels)]).toEqual(['atLeastOnce', ['atMostOnce', 'atLeastOnce']]);
  });

  it('refuses wrong options where they are written, not at the start', async () => {
    await rejectsWith(() => natsBroker({ connectTimeoutMs: 5_000 }), 'InvalidArgument');
    for (const jetStream of [{ maxAgeMs: 1 }, { replicas: 2 as never }, { storage: 'tape' as never }, true as never])
      await rejectsWith(() => natsBroker({ jetStream }), 'InvalidArgument');
    await rejectsWith(() => natsBroker({ delivery: 'atLeastOnce', jetStream: false }), 'InvalidArgument');
  });
});
