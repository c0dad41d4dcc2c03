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
    expect(broker.capabilities).toEqual({ delivery: 'atMostOnce', whileDown: 'buffers' });
    expect([broker.contentType, clock.pending]).toEqual(['application/json', 0]);
  });

  it('refuses wrong options where they are written, not at the start', async () => {
    await rejectsWith(() => natsBroker({ connectTimeoutMs: 5_000 }), 'InvalidArgument');
  });
});
