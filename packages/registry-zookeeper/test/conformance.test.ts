import { type RegistryFixtureFactory, registryConformance } from '@tenon/conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { zookeeperFixtures } from './fixture.js';
import { ZookeeperServer } from './zookeeper-server.js';

let server: ZookeeperServer;
let fixtures: RegistryFixtureFactory;

beforeAll(async () => {
  server = await ZookeeperServer.start();
  fixtures = zookeeperFixtures(server);
});

afterAll(() => server.dispose());

registryConformance({ describe, it }, { create: () => fixtures.create() });
