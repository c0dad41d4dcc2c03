import { brokerConformance } from '@tenon/conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { rabbitmqBrokerFixtures } from './fixture.js';
import { RabbitmqServer } from './rabbitmq-server.js';

let server: RabbitmqServer;

beforeAll(async () => {
  server = await RabbitmqServer.start();
}, 120_000);

afterAll(() => server?.stop());

describe('RabbitMQ', () => {
  brokerConformance(
    { describe, it },
    rabbitmqBrokerFixtures(() => server, {}),
  );
});

describe('RabbitMQ at least once', () => {
  brokerConformance(
    { describe, it },
    rabbitmqBrokerFixtures(() => server, { delivery: 'atLeastOnce' }),
  );
});
