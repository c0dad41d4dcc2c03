import { type RegistryFixtureFactory, registryConformance } from '@tenon/conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ConsulDouble } from './consul-double.js';
import { consulFixtures } from './fixture.js';

describe.each(['default', 'consistent', 'stale'] as const)('on a double of Consul, reads %s', (consistency) => {
  let double: ConsulDouble;
  let fixtures: RegistryFixtureFactory;

  beforeAll(async () => {
    double = await ConsulDouble.start();
    fixtures = consulFixtures(double, { consistency });
  });

  afterAll(() => double.dispose());

  registryConformance({ describe, it }, { create: () => fixtures.create() });
});
