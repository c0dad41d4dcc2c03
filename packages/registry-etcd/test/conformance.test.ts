import { type RegistryFixtureFactory, registryConformance } from '@tenon/conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { EtcdServer } from './etcd-server.js';
import { etcdFixtures } from './fixture.js';

let server: EtcdServer;
let fixtures: RegistryFixtureFactory;

beforeAll(async () => {
  server = await EtcdServer.start();
  fixtures = etcdFixtures(server);
});

afterAll(() => server.dispose());

registryConformance({ describe, it }, { create: () => fixtures.create() });
