import { RecordTable, SkippedEntries, silentLogger, systemClock } from '@tenon/contract/authoring';
import type { DnsRecord } from '../src/dns-record.js';
import { microRecords } from '../src/micro-form.js';
import { NodeCache } from '../src/node-cache.js';
import { TwoMachines } from './namespaces.js';

// Prints what the README says about time and memory: run it with
// `node --expose-gc --import @oxc-node/core/register --conditions @tenon/source test/measure.ts`, as root.
await latencies();
for (const services of [10, 100, 1_000]) costOf(services);

/** 10 nodes of each service, with one endpoint each, every text another one. */
function costOf(services: number): void {
  const packets: (readonly DnsRecord[])[] = [];
  for (let index = 0; index < services * 10; index += 1) {
    const value = { name: 'Req', type: 'Req', values: [{ name: 'name', type: 'string', values: null }] };
    const endpoints = [{ name: 'Greeter.Hello', request: value, response: value, metadata: {} }];
    const node = {
      id: `n${index}`,
      address: `10.0.${index >> 8}.${index & 255}:80`,
      metadata: { protocol: 'mucp', label: `${index}` },
    };
    packets.push(
      microRecords(
        { name: `service-${index % services}`, version: '1.0.0', metadata: {}, endpoints, nodes: [node] },
        node,
        120,
      ),
    );
  }
  const clock = systemClock();
  const table = new RecordTable();
  const nothing = (): void => {};
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const cache = new NodeCache({
    table,
    skipped: new SkippedEntries(silentLogger(), clock),
    clock,
    isOurs: () => false,
    onEnding: nothing,
    onHostMissing: nothing,
    onMissed: nothing,
  });
  const time = (work: () => void): string => {
    const from = performance.now();
    work();
    return `${(performance.now() - from).toFixed(1)} ms`;
  };
  const hearAll = (): void => {
    for (const packet of packets) cache.hear(packet);
  };
  const first = time(hearAll);
  const again = time(hearAll);
  const list = time(() => table.names);
  const lookup = time(() => table.recordsOf('service-1'));
  globalThis.gc?.();
  const bytes = process.memoryUsage().heapUsed - before;
  process.stdout.write(
    `${services * 10} nodes: first heard ${first}, heard again ${again}, list ${list}, lookup ${lookup}, heap ${(bytes / 1_048_576).toFixed(1)} MiB\n`,
  );
  cache.close();
}

/** Over a pair of machines: until a node is seen, until it is gone with a goodbye, and until it is gone without. */
async function latencies(): Promise<void> {
  const two = TwoMachines.create();
  const until = async (what: () => boolean): Promise<void> => {
    while (!what()) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const serve = (ttlMs: number) => [{ service: 'greeter', id: 'n1', address: '10.99.7.1:1', ttlMs }];
  try {
    const watching = two.there.registry({ watch: 'greeter' });
    const last = () => watching.told.findLast((line) => 'nodes' in line);
    const has = (count: number) => () => (last()?.['nodes'] as readonly string[] | undefined)?.length === count;
    const at = () => Number(last()?.['at']);
    await until(has(0));
    for (let round = 0; round < 5; round += 1) {
      const node = two.here.registry({ serve: serve(60_000) });
      await until(has(1));
      await until(() => node.told.length > 0);
      const seenMs = at() - Number(node.told[0]?.['at']);
      const goodbyeAt = Date.now();
      node.kill('SIGTERM');
      await until(has(0));
      process.stdout.write(
        `seen ${seenMs} ms after its registration resolved, gone ${at() - goodbyeAt} ms after SIGTERM\n`,
      );
      await node.ended();
    }
    for (const ttlMs of [2_000, 5_000, 15_000]) {
      const node = two.here.registry({ serve: serve(ttlMs) });
      await until(has(1));
      await until(() => node.told.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const killedAt = Date.now();
      node.kill('SIGKILL');
      await until(has(0));
      process.stdout.write(`killed, time to live ${ttlMs} ms: gone after ${at() - killedAt} ms\n`);
    }
  } finally {
    two.remove();
  }
}
