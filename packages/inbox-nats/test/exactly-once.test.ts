import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { natsBroker } from '@tenon/broker-nats';
import { eventually } from '@tenon/conformance';
import { silentLogger } from '@tenon/contract/authoring';
import { NodeProcess } from '@tenon/testing/node-process';
import { createApp, Event, Logger, provide } from 'tenon';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NatsServer } from '../../../test/nats-server/nats-server.js';

@Event('order.placed', { delivery: 'atLeastOnce' })
class OrderPlaced {}

const script = fileURLToPath(new URL('./subscriber-process.ts', import.meta.url));
const withinMs = 100_000;

describe('events that are handed out at least twice each', { timeout: 2 * withinMs }, () => {
  let folder: string;
  let server: NatsServer;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenon-inbox-'));
    await writeFile(join(folder, 'effects'), '');
    await writeFile(join(folder, 'deliveries'), '');
    server = await NatsServer.start({ jetStream: true });
  });

  afterEach(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('have exactly one effect each: 10,000 events, and a SIGKILL between effect and acknowledgement', async () => {
    const ids = idsOf(10_000);
    await using doomed = subscriber('noted', '2000');
    await using survivor = subscriber();
    await started(doomed, survivor);
    await published(ids);
    expect(await doomed.ended(withinMs)).toEqual({ code: null, signal: 'SIGKILL' });
    await acknowledged(ids);
    await drained(survivor);
    const { handedOut, effects } = await journals();
    expect([...handedOut.values()].filter((times) => times < 2)).toEqual([]);
    expect(handedOut.size).toBe(10_000);
    expect([effects.length, new Set(effects).size]).toEqual([10_000, 10_000]);
  });

  it('have one effect more where the SIGKILL is between an effect and its note: the window that the docs name', async () => {
    const ids = idsOf(1_000);
    await using doomed = subscriber('unnoted', '200');
    await using survivor = subscriber();
    await started(doomed, survivor);
    await published(ids);
    expect(await doomed.ended(withinMs)).toEqual({ code: null, signal: 'SIGKILL' });
    await acknowledged(ids);
    await drained(survivor);
    const { effects } = await journals();
    expect([effects.length, new Set(effects).size]).toEqual([1_001, 1_000]);
  });

  it('have one effect each where they are published again after the stream forgot their ids', async () => {
    const ids = idsOf(200);
    await using only = subscriber();
    await started(only);
    await published(ids);
    await acknowledged(ids);
    // Until then the stream knows them, and takes none.
    await eventually(
      async () => {
        await published(ids);
        expect(timesOf(ids, (await journals()).acknowledged).filter((times) => times < 2)).toEqual([]);
      },
      { withinMs, everyMs: 500 },
    );
    await drained(only);
    expect((await journals()).effects.toSorted()).toEqual(ids.toSorted());
  });

  function subscriber(...death: readonly string[]): NodeProcess {
    return new NodeProcess(script, {
      parameters: [server.address, join(folder, 'effects'), join(folder, 'deliveries'), ...death],
      flags: ['--conditions=@tenon/source', '--import', '@oxc-node/core/register'],
      environment: { ...globalThis.process.env, TS_NODE_PROJECT: testProject },
    });
  }

  async function started(...processes: readonly NodeProcess[]): Promise<void> {
    await Promise.all(processes.map((process) => process.message((message) => message === 'started', withinMs)));
  }

  async function published(ids: readonly string[]): Promise<void> {
    const app = await createApp({
      profile: 'test',
      modules: [provide(Logger, [], () => silentLogger()), natsBroker({ servers: [server.address] })],
    });
    await app.start();
    const publisher = app.publisher(OrderPlaced);
    await Promise.all(ids.map((id) => publisher.publish({}, { id })));
    await app.close();
  }

  async function acknowledged(ids: readonly string[]): Promise<void> {
    await eventually(async () => expect(new Set((await journals()).acknowledged).size).toBe(ids.length), {
      withinMs,
      everyMs: 500,
    });
  }

  async function drained(process: NodeProcess): Promise<void> {
    const done = process.message((message) => message === 'drained', withinMs);
    process.say('drain');
    await done;
  }

  async function journals(): Promise<Journals> {
    const lines = async (name: string): Promise<readonly string[]> =>
      (await readFile(join(folder, name), 'utf8')).split('\n').slice(0, -1);
    const handedOut = new Map<string, number>();
    const acknowledged: string[] = [];
    for (const line of await lines('deliveries')) {
      const [what, id = '', attempt] = line.split(' ');
      if (what === 'came') handedOut.set(id, Math.max(handedOut.get(id) ?? 0, Number(attempt)));
      else acknowledged.push(id);
    }
    return { effects: await lines('effects'), handedOut, acknowledged };
  }
});

/** What the processes wrote. */
interface Journals {
  readonly effects: readonly string[];
  /** How often the server says that it handed an event out: some died with a process before it saw them. */
  readonly handedOut: ReadonlyMap<string, number>;
  readonly acknowledged: readonly string[];
}

function idsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `order-${index}`);
}

/** How often each id is in a list. */
function timesOf(ids: readonly string[], list: readonly string[]): readonly number[] {
  const times = new Map<string, number>();
  for (const id of list) times.set(id, (times.get(id) ?? 0) + 1);
  return ids.map((id) => times.get(id) ?? 0);
}

const testProject = fileURLToPath(new URL('../../../tsconfig.test.json', import.meta.url));
