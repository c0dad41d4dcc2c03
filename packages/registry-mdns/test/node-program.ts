import { mdnsClient } from './fixture.js';

/**
 * One process with a registry, as the tests start it in a network namespace: what it is told stands in its first argument, what it sees in
 * lines of JSON on stdout. Ends with a goodbye on SIGTERM.
 */
interface Orders {
  readonly interfaces: readonly string[];
  readonly serve?: readonly {
    readonly service: string;
    readonly id: string;
    readonly address: string;
    readonly ttlMs: number;
  }[];
  readonly watch?: string;
  readonly lookup?: string;
  readonly list?: boolean;
}

const { interfaces, serve = [], watch, lookup, list }: Orders = JSON.parse(process.argv[2] ?? '{}');
const registry = mdnsClient({ interfaces });
const say = (line: object): void => void process.stdout.write(`${JSON.stringify({ at: Date.now(), ...line })}\n`);
const stayAlive = setInterval(() => {}, 1_000);

process.once('SIGTERM', async () => {
  await registry.close();
  clearInterval(stayAlive);
  say({ closed: true });
});

await registry.start(new AbortController().signal);
for (const { service, id, address, ttlMs } of serve) {
  const node = { id, address, metadata: { protocol: 'mucp', transport: 'http' } };
  const lease = await registry.register(
    { name: service, version: '1.2.0', metadata: {}, endpoints: [], nodes: [node] },
    { ttlMs },
  );
  lease.onChange((state) => say({ lease: state }));
  say({ serving: id });
}
if (lookup !== undefined) say({ found: await registry.lookup(lookup) });
if (list === true) say({ names: await registry.list() });
if (watch !== undefined) {
  for await (const event of registry.watch(watch)) {
    if (event.kind === 'error') say({ error: event.error.code });
    else
      say({
        nodes: event.records.flatMap(({ nodes }) => nodes.map(({ id, address }) => `${id} ${address}`)),
        records: event.records,
      });
  }
}
