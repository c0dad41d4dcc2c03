import { eventually } from '@tenon/conformance';
import { systemClock } from '@tenon/contract/authoring';
import { expect, it } from 'vitest';
import { HttpBroker } from '../src/http-broker.js';
import { resolveHttpBrokerOptions } from '../src/http-broker-options.js';
import { Stage } from './stage.js';

it('watches who subscribes from its start, before anybody publishes', async () => {
  await using stage = new Stage();
  const registry = stage.registry();
  const watched: string[] = [];
  const broker = new HttpBroker(resolveHttpBrokerOptions({}), {
    registry: {
      capabilities: registry.capabilities,
      register: (record, options) => registry.register(record, options),
      lookup: (name, options) => registry.lookup(name, options),
      list: (options) => registry.list(options),
      watch: (name, options) => {
        watched.push(name);
        return registry.watch(name, options);
      },
      close: () => registry.close(),
    },
    clock: systemClock(),
    logger: stage.log,
    tls: undefined,
  });
  stage.onEnd(() => broker.close());
  await broker.start(new AbortController().signal);
  await eventually(() => expect(watched).toEqual(['micro.http.broker']), { withinMs: 5_000 });
});
