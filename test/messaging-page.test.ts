import { httpBroker } from '@tenon/broker-http';
import { memoryBroker } from '@tenon/broker-memory';
import { natsBroker } from '@tenon/broker-nats';
import { rabbitmqBroker } from '@tenon/broker-rabbitmq';
import { redisBroker } from '@tenon/broker-redis';
import { type Broker, Clock, Logger, type Provider } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { readPage, tableUnder } from './documentation/page.js';

/** Every broker of the table, as it is made without options. */
const brokers: Readonly<Record<string, () => Provider<Broker>>> = {
  http: () => httpBroker(),
  'http, `spool`': () => httpBroker({ spool: 'never-opened' }),
  memory: () => memoryBroker(),
  nats: () => natsBroker(),
  rabbitmq: () => rabbitmqBroker(),
  redis: () => redisBroker(),
};

test('the page says of each broker what its capabilities say', () => {
  const rows = tableUnder(readPage('docs/messaging.md'), 'What each broker promises');
  expect([...new Set(rows.map(([name]) => name))].sort()).toEqual(Object.keys(brokers).sort());
  const told = Object.entries(brokers).flatMap(([name, provider]) =>
    Object.entries(made(provider()).capabilities.levels).map(([level, { whileDown, patterns, replays, outlives }]) => [
      name,
      level,
      whileDown,
      patterns ? 'yes' : 'no',
      replays ? 'yes' : 'no',
      outlives,
    ]),
  );
  expect(rows).toEqual(told);
});

/** As an application makes it; nothing is connected. */
function made(provider: Provider<Broker>): Broker {
  const given = provider.dependencies.map((token) => {
    if (token === Logger) return silentLogger();
    return token === Clock ? systemClock() : undefined;
  });
  return provider.create(...(given as never[]));
}
