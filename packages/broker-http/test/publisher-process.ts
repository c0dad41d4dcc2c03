import type { Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { type StaticFleet, staticRegistry } from '@tenon/registry-static';
import { HttpBroker } from '../src/http-broker.js';
import { resolveHttpBrokerOptions } from '../src/http-broker-options.js';
import { messageOf } from './stage.js';

// A publisher in a process of its own: `publisher-process.ts SPOOL FLEET FROM COUNT` publishes messages and tells which are kept.

const [spool = '', fleet = '{}', from = '0', count = '0'] = process.argv.slice(2);
const { create } = staticRegistry(JSON.parse(fleet) as StaticFleet);
const registry = (create as (...parts: unknown[]) => Registry)(silentLogger(), systemClock());
const broker = new HttpBroker(resolveHttpBrokerOptions({ spool }), {
  registry,
  clock: systemClock(),
  logger: silentLogger(),
  tls: undefined,
});
await broker.start(new AbortController().signal);
process.on('disconnect', () => process.exit(1));
process.send?.('started');
for (let index = Number(from); index < Number(from) + Number(count); index += 10) {
  const ids = Array.from({ length: 10 }, (_, one) => `m${index + one}`);
  await Promise.all(
    ids.map(async (id) => {
      await broker.publish('user.created', messageOf(id));
      process.send?.({ kept: id });
    }),
  );
}
process.send?.('published');
