import { type RegistryFixtureFactory, registryConformance } from '@tenon/conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { EurekaDouble } from './eureka-double.js';
import { eurekaFixtures } from './fixture.js';

describe('on a double of Eureka', () => {
  let double: EurekaDouble;
  let fixtures: RegistryFixtureFactory;

  beforeAll(async () => {
    double = await EurekaDouble.start();
    fixtures = eurekaFixtures(double);
  });

  afterAll(() => double.dispose());

  registryConformance({ describe, it }, { create: () => fixtures.create() });
});
