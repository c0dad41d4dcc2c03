import { fileURLToPath } from 'node:url';
import { NodeProcess } from '@tenon/testing/node-process';
import { type BackEndModule, connected } from './back-end.js';
import { fromSources } from './from-sources.js';
import { recordOf } from './record.js';
import { Sight } from './sight.js';

/** How soon the clients of a registry know, in milliseconds: the slowest of them, medians of some nodes. */
export interface Detection {
  /** From the begin of `register` to when every client's watch has the node. */
  readonly joinedMs: number;
  /** From the release to when none has it. */
  readonly leftMs: number;
  /** From SIGKILL to when none has it. */
  readonly killedMs: number;
}

/** Three clients that watch, and nodes that come, leave and are killed. */
export async function detectionOf(module: BackEndModule, where: unknown): Promise<Detection> {
  const { ttlMs, extraMs = 0, name } = module.backEnd;
  const clients = await Promise.all([1, 2, 3].map(() => connected(module, where)));
  const sights = clients.map((client) => new Sight(client, 'greeter'));
  const seen = async (id: string, present: boolean, withinMs: number): Promise<number> =>
    Math.max(...(await Promise.all(sights.map((sight) => sight.has(id, present, withinMs)))));
  try {
    await Promise.all(sights.map((sight) => sight.first()));
    const [joined, left]: [number[], number[]] = [[], []];
    const [writer] = clients;
    for (let n = 0; n < 5; n += 1) {
      const began = performance.now();
      const lease = await writer?.register(recordOf('greeter', `node-${n}`), { ttlMs });
      joined.push((await seen(`node-${n}`, true, 60_000)) - began);
      const releasedAt = performance.now();
      await lease?.release();
      left.push((await seen(`node-${n}`, false, 60_000)) - releasedAt);
    }
    const killed: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      const id = `killed-${n}`;
      const program = fileURLToPath(new URL('registrar.ts', import.meta.url));
      const parameters = [name, JSON.stringify(where), id, String(ttlMs)];
      await using registrar = new NodeProcess(program, { parameters, flags: fromSources, name: 'the registrar' });
      await registrar.message((said) => said === 'registered', 60_000);
      await seen(id, true, 60_000);
      const killedAt = performance.now();
      registrar.kill();
      killed.push((await seen(id, false, ttlMs + extraMs + 60_000)) - killedAt);
    }
    return { joinedMs: median(joined), leftMs: median(left), killedMs: median(killed) };
  } finally {
    await Promise.all(sights.map((sight) => sight[Symbol.asyncDispose]()));
    await Promise.all(clients.map((client) => client.close()));
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}
