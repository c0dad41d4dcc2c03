import { type RegistryFixtureFactory, registryConformance } from '@tenon/conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { NatsServer } from '../../../test/nats-server/nats-server.js';
import { natsRegistryFixtures } from './fixture.js';

let server: NatsServer;
let fixtures: RegistryFixtureFactory;

beforeAll(async () => {
  server = await NatsServer.start();
  fixtures = natsRegistryFixtures(server);
});

afterAll(() => server.stop());

registryConformance({ describe, it }, { create: () => fixtures.create() });
