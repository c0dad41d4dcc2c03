import { transportConformance } from '@tenon/conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { NatsServer } from '../../../test/nats-server/nats-server.js';
import { newFixture } from './fixture.js';

/** One for all cases: each has connections and subjects of its own. */
let server: NatsServer;

beforeAll(async () => {
  // Most messages of the suite fit, and its large ones must be parted and joined.
  server = await NatsServer.start({ config: 'max_payload: 65536' });
});

afterAll(() => server.stop());

transportConformance({ describe, it }, { create: () => newFixture(server) });
