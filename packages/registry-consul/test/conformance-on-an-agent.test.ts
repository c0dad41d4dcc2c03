import { type RegistryFixtureFactory, registryConformance } from '@tenon/conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ConsulAgent } from './consul-agent.js';
import { consulFixtures } from './fixture.js';

// A real agent is in no package that can be installed; how to build one stands in the README.
const program = process.env['CONSUL_AGENT'] ?? '';
if (program === '') process.stdout.write('SKIPPED: CONSUL_AGENT names no Consul agent\n');

describe.skipIf(program === '').each(['default', 'consistent', 'stale'] as const)(
  'on a Consul agent, reads %s',
  (consistency) => {
    let agent: ConsulAgent;
    let fixtures: RegistryFixtureFactory;

    beforeAll(async () => {
      agent = await ConsulAgent.start(program);
      fixtures = consulFixtures(agent, { consistency });
    }, 60_000);

    afterAll(() => agent?.dispose());

    registryConformance({ describe, it }, { create: () => fixtures.create() });
  },
);
