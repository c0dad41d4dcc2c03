import { eventually, recordOf } from '@tenon/conformance';
import { expect, it } from 'vitest';
import { EurekaDouble } from './eureka-double.js';
import { eurekaClient } from './fixture.js';

it('a server that keeps its answer from before a registration has forgotten it after the first heartbeat', async () => {
  const double = await EurekaDouble.start();
  double.keepsOldAnswers = true;
  const registry = eurekaClient({ zones: { a: [double.url] } });
  const found = async (): Promise<number> => (await registry.lookup('greeter')).length;
  try {
    await registry.register(recordOf('greeter', 'n1'), { ttlMs: 3_000 });
    expect(await found()).toBe(0);
    await eventually(async () => expect(await found()).toBe(1), { withinMs: 5_000 });
    // Once: the heartbeats after it are heartbeats.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(double.asked.filter((asked) => asked.startsWith('POST'))).toHaveLength(2);
  } finally {
    await registry.close();
    await double.dispose();
  }
});
