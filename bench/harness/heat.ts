import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Figures } from '../child/figures.js';
import type { DriveOrder, ServeOrder, Task } from '../child/orders.js';
import type { Contestant } from '../contestants/contestant.js';
import { Child, usageOf } from './child.js';
import type { NatsServer } from './nats-server.js';

/** A contestant's name and where its module is. */
export interface Entry {
  readonly name: string;
  readonly module: string;
}

/** The module of a contestant, ours or a peer's; undefined where there is none. */
export function entryOf(name: string): Entry | undefined {
  const candidates = [`../contestants/${name}.js`, `../../peers/${name}.mjs`];
  const module = candidates
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  return module === undefined ? undefined : { name, module };
}

/** What a contestant's module says about itself. Read in this process, which runs nothing of it. */
export async function traitsOf({ module }: Entry): Promise<Contestant> {
  return (await import(pathToFileURL(module).href)) as Contestant;
}

/** Runs one task once, with fresh processes, and gives what the client measured. Throws if anything went wrong. */
export async function heat(
  entry: Entry,
  traits: Contestant,
  task: Task,
  nats: NatsServer | undefined,
): Promise<Figures> {
  const flags = wantsCollections(task) ? ['--expose-gc'] : [];
  const serve: ServeOrder = { module: entry.module, nats: nats?.address };
  const children: Child[] = [];
  const started = (child: Child): Child => {
    children.push(child);
    return child;
  };
  try {
    const server = traits.inProcess ? undefined : started(new Child('server', serve, flags));
    const address = (await server?.line<{ readonly address: string }>(startPatienceMs))?.address;
    const drive: DriveOrder = { module: entry.module, address, task };
    const client = started(new Child('client', drive, flags));
    client.onMessage(async (message) => {
      if (message.say !== 'look') return;
      const usage = server === undefined ? undefined : await usageOf(server, message.collected);
      client.say({ say: 'looked', server: usage, brokerCpuMicros: nats?.cpuMicros });
    });
    return await client.line<Figures>(startPatienceMs + lengthOf(task));
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

function wantsCollections(task: Task): boolean {
  return task.kind === 'connections' || task.kind === 'streams-on-one' || task.kind === 'soak';
}

function lengthOf(task: Task): number {
  if (task.kind === 'soak') return 2 * task.forMs;
  return 'warmupMs' in task ? 4 * task.warmupMs + ('windowMs' in task ? task.windowMs : 0) : 0;
}

/** Enough for the slowest start and the longest stream of the slowest peer on a busy machine. */
const startPatienceMs = 60_000;
