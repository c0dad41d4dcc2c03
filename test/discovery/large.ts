import type { Registry } from '@tenon/contract';
import { type BackEndModule, connected } from './back-end.js';
import { recordOf } from './record.js';
import { Sight } from './sight.js';

/** What a large set costs. */
export interface Large {
  readonly nodes: number;
  /** Until all were registered, by one client, 32 at a time. */
  readonly registeredMs: number;
  /** Of one client that looks for the first time. */
  readonly listMs: number;
  readonly lookupMs: number;
  readonly watchMs: number;
  /** From a change to the watch that shows it. */
  readonly changeMs: number;
  /** What a client holds beyond garbage when it watches a service of ten nodes, in bytes. */
  readonly heldBytes: number;
}

/** Services of ten nodes each, and one service that is looked at. */
export async function largeOf(module: BackEndModule, where: unknown, nodes: number): Promise<Large> {
  const writer = await connected(module, where);
  try {
    const services = Math.max(1, nodes / 10);
    const began = performance.now();
    const names = Array.from({ length: nodes }, (_, n) => [`service-${n % services}`, `node-${n}`] as const);
    await inTurns(names, 32, ([name, id]) => writer.register(recordOf(name, id), { ttlMs: 3_600_000 }));
    const registeredMs = performance.now() - began;
    const heldBefore = heldBytes();
    const reader = await connected(module, where);
    try {
      return { nodes, registeredMs, ...(await readBy(reader, writer, services)), heldBytes: heldBytes() - heldBefore };
    } finally {
      await reader.close();
    }
  } finally {
    await writer.close();
  }
}

async function readBy(reader: Registry, writer: Registry, services: number) {
  const listMs = await tookMs(async () => {
    const listed = await eventuallyListed(reader, services);
    if (listed < services) throw new Error(`${listed} of ${services} services are listed`);
  });
  const lookupMs = await tookMs(() => reader.lookup('service-0'));
  const began = performance.now();
  await using sight = new Sight(reader, 'service-0');
  const watchMs = (await sight.first()) - began;
  const changedAt = performance.now();
  await writer.register(recordOf('service-0', 'node-new'), { ttlMs: 3_600_000 });
  const changeMs = (await sight.has('node-new', true, 60_000)) - changedAt;
  return { listMs, lookupMs, watchMs, changeMs };
}

/** Registries that spread by themselves need a while. */
async function eventuallyListed(reader: Registry, services: number): Promise<number> {
  const until = performance.now() + 60_000;
  for (;;) {
    const { length } = await reader.list();
    if (length >= services || performance.now() > until) return length;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function inTurns<T>(all: readonly T[], width: number, work: (one: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const one = all[next] as T;
      next += 1;
      await work(one);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function heldBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
