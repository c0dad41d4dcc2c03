import type { Connection } from './connection.js';
import type { Output } from './output.js';
import { table } from './table.js';

/** `tenon services`: what is registered. */
export async function services({ ask }: Connection, output: Output): Promise<void> {
  const found = await ask(async (registry, signal) => {
    const names = await registry.list({ signal });
    return inTurns(names, async (name) => {
      const records = await registry.lookup(name, { signal });
      const nodes = records.reduce((count, record) => count + record.nodes.length, 0);
      return { name, versions: records.map(({ version }) => version).sort(), nodes };
    });
  });
  await output.result(found, () =>
    table(
      ['SERVICE', 'VERSIONS', 'NODES'],
      found.map(({ name, versions, nodes }) => [name, versions.join(', '), String(nodes)]),
    ),
  );
}

/** A few at a time: a registry with a thousand services is asked a thousand times. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return results;
}
