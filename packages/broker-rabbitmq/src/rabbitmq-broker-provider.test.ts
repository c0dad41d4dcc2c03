import { rejectsWith } from '@tenon/conformance';
import { Broker, Clock, isProvider, Logger } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { rabbitmqBroker } from './rabbitmq-broker-provider.js';

describe('rabbitmqBroker', () => {
  it('is a recipe for a Broker with both levels, and making it opens nothing', async () => {
    const clock = new FakeClock();
    const provider = rabbitmqBroker({ delivery: 'atLeastOnce' });
    expect([isProvider(provider), provider.token, provider.dependencies]).toEqual([true, Broker, [Logger, Clock]]);
    const create = provider.create as unknown as (logger: Logger, clock: Clock) => Broker;
    const broker = create(silentLogger(), clock);
    expect(broker.capabilities).toMatchObject({
      delivery: 'atLeastOnce',
      levels: {
        atMostOnce: { whileDown: 'buffers', patterns: true, replays: false },
        atLeastOnce: { outlives: 'broker' },
      },
    });
    expect([broker.contentType, clock.pending]).toEqual(['application/json', 0]);
    await rejectsWith(() => broker.subscribe('t.y', async () => {}), 'Unavailable');
  });

  it('refuses wrong options where they are written, not at the start', async () => {
    await rejectsWith(async () => rabbitmqBroker({ connectTimeoutMs: 5_000 }), 'InvalidArgument');
  });
});
