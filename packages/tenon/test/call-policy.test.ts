import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  anything,
  type CallPolicy,
  Contract,
  callContext,
  callMetadata,
  contract,
  createApp,
  Endpoint,
  Service,
} from '../src/index.js';

@Service('reports')
class Reports {
  @Endpoint({ request: anything, policy: { timeoutMs: 250, priority: 'bulk' } })
  make(): { leftMs: number; priority: string | undefined } {
    const { timeLeftMs: leftMs, metadata } = callContext();
    return { leftMs, priority: metadata[callMetadata.priority] };
  }

  @Endpoint({ request: anything, stream: 'server', policy: { timeoutMs: 20 } })
  async *follow(): AsyncIterable<number> {
    yield 1;
    await wait(60_000, undefined, { signal: callContext().signal });
  }
}

async function started() {
  const app = await createApp({ services: [Reports], profile: 'test', log: { level: 'silent' } });
  await app.start();
  return app;
}

describe('the policy of an endpoint', () => {
  test('is how clients of its class call it, unless they say otherwise', async () => {
    await using app = await started();
    const reports = app.client(Reports);
    const made = await reports.make();
    expect([made.leftMs <= 250, made.priority]).toEqual([true, 'bulk']);
    const other = await reports.make({}, { timeoutMs: 5_000, priority: 'normal' });
    expect([other.leftMs > 250, other.priority]).toEqual([true, undefined]);
  });

  test('ends a stream that would have no end', async () => {
    await using app = await started();
    const read = async (): Promise<void> => {
      for await (const _ of app.client(Reports).follow());
    };
    await expect(read()).rejects.toMatchObject({ code: 'DeadlineExceeded' });
  });

  test('is how clients of its contract call it', async () => {
    await using app = await started();
    const options = { as: 'Reports', policies: { make: { priority: 'critical' } } } as const;
    const ReportsContract = contract<Pick<Reports, 'make'>>()('reports', options);
    expect((await app.client(ReportsContract).make()).priority).toBe('critical');

    @Contract<Pick<Reports, 'make'>>('reports', options)
    abstract class ReportsToMake {
      abstract make(): { leftMs: number; priority: string | undefined };
    }
    expect((await app.client(ReportsToMake).make()).priority).toBe('critical');
  });
});

test.each<[CallPolicy, RegExp]>([
  [{ timeoutMs: -5 }, /policy\.timeoutMs of Broken\.Go is -5; it must be a number from 1 to 3600000/],
  [{ maxAttempts: 0 }, /policy\.maxAttempts of Broken\.Go is 0; it must be a whole number from 1 to 5/],
])('a policy of %j is an error at start, that names option, endpoint and value', async (policy, message) => {
  @Service('broken')
  class Broken {
    @Endpoint({ request: anything, policy })
    go(): void {}
  }
  await expect(createApp({ services: [Broken], profile: 'test' })).rejects.toThrow(message);
  expect(() => contract<Broken>()('broken', { as: 'Broken', policies: { go: policy } })).toThrow(message);
});
