import { eventually } from '@tenon/conformance';
import { type App, type AppOptions, consoleLogger, createApp, Registry } from 'tenon';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BackEnd } from './back-end.js';
import { childApp } from './child-app.js';
import { Auditor, Booked, Heard, Ledger } from './ledger.js';

// The standard profile over a real etcd and a real NATS, which are not there yet, go away, and come back.

let etcd: BackEnd;
let nats: BackEnd;
const apps: App[] = [];

beforeEach(async () => {
  etcd = await BackEnd.absent('etcd');
  nats = await BackEnd.absent('nats-server');
  vi.stubEnv('TENON_PROFILE', undefined);
  vi.stubEnv('TENON_ETCD', etcd.address);
  vi.stubEnv('TENON_NATS', nats.address);
});

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  await Promise.all([etcd.dispose(), nats.dispose()]);
  vi.unstubAllEnvs();
});

interface Told {
  readonly app: App;
  readonly log: () => string;
}

async function newApp(options: AppOptions): Promise<Told> {
  const lines: string[] = [];
  const logger = consoleLogger({ level: 'warn', format: 'json', write: (line) => lines.push(line) });
  const app = await createApp({ ...options, modules: [logger, ...(options.modules ?? [])] });
  apps.push(app);
  return { app, log: () => lines.join('\n') };
}

async function started(options: AppOptions): Promise<App> {
  const { app } = await newApp({ profile: 'standard', ...options });
  await app.start();
  return app;
}

describe('absent at start', () => {
  test('a process that only waits for etcd does not end meanwhile, and goes on when it appears', async () => {
    await using waiting = childApp('waiting-app.ts', [etcd.address]);
    await eventually(() => expect(waiting.errors).toContain('is not there yet'), { withinMs: 20_000 });
    await etcd.start();
    await waiting.line(/^started$/, 30_000);
    expect(await waiting.ended(10_000)).toEqual({ code: 0, signal: null });
  });

  const etcdMissing = /EtcdRegistry is not there yet; starting waits for it.*apt-get install etcd-server.*TENON_ETCD/;
  const natsMissing = /NatsBroker is not there yet; starting waits for it.*apt-get install nats-server.*TENON_NATS/;
  const withoutServers = /createApp\(\{ profile: 'test' \}\) or TENON_PROFILE=test/;

  test('etcd: said within 2 s with how to start it, waited for, and the app serves when it appears', async () => {
    await nats.start();
    const { app, log } = await newApp({ services: [Ledger], profile: 'standard' });
    const starting = app.start();
    await eventually(() => expect(log()).toMatch(etcdMissing), { withinMs: 2_000 });
    expect(log()).toContain(etcd.address);
    // Whoever named the profile wants the servers.
    expect(log()).not.toMatch(withoutServers);
    await etcd.start();
    await starting;
    expect(await app.client(Ledger).book({ id: 'first' })).toMatchObject({ pid: process.pid });
    expect(log().match(/is not there yet/g)).toHaveLength(1);
  });

  test('NATS: said within 2 s with how to start it, waited for, and events flow when it appears', async () => {
    await etcd.start();
    const { app, log } = await newApp({ services: [Ledger, Auditor], profile: 'standard' });
    const starting = app.start();
    await eventually(() => expect(log()).toMatch(natsMissing), { withinMs: 2_000 });
    expect(log()).toContain(nats.address);
    await nats.start();
    await starting;
    await app.client(Ledger).book({ id: 'first' });
    await expect.poll(() => app.get(Heard).byEverybody).toEqual(['first']);
  });

  test('both, and no profile named: both are said within 2 s, each with the one line that needs neither', async () => {
    const { app, log } = await newApp({ services: [Ledger, Auditor] });
    const starting = app.start();
    await eventually(
      () => {
        expect(log()).toMatch(etcdMissing);
        expect(log()).toMatch(natsMissing);
        expect(log().match(new RegExp(withoutServers, 'g'))).toHaveLength(2);
      },
      { withinMs: 2_000 },
    );
    await Promise.all([etcd.start(), nats.start()]);
    await starting;
    await app.client(Ledger).book({ id: 'first' });
    await expect.poll(() => app.get(Heard).byEverybody).toEqual(['first']);
    expect(log().match(/is not there yet/g)).toHaveLength(2);
  });

  test.each([
    ['the option', { failFast: true }, undefined],
    ['the variable', {}, 'true'],
  ])('failFast by %s ends the start with an error that names server and mend', async (_how, options, variable) => {
    vi.stubEnv('TENON_FAIL_FAST', variable);
    const noEtcd = await newApp({ services: [Ledger], profile: 'standard', ...options });
    await expect(noEtcd.app.start()).rejects.toMatchObject({
      code: 'Unavailable',
      executed: 'no',
      rawMessage: expect.stringMatching(
        new RegExp(`^starting EtcdRegistry failed: .*${etcd.address}.*apt-get install etcd-server`),
      ),
    });
    await etcd.start();
    const noNats = await newApp({ services: [Ledger], profile: 'standard', ...options });
    await expect(noNats.app.start()).rejects.toMatchObject({
      code: 'Unavailable',
      executed: 'no',
      rawMessage: expect.stringMatching(
        new RegExp(`^starting NatsBroker failed: .*${nats.address}.*apt-get install nats-server`),
      ),
    });
    await nats.start();
    const complete = await newApp({ services: [Ledger], profile: 'standard', ...options });
    await complete.app.start();
    expect(await complete.app.client(Ledger).book({ id: 'first' })).toMatchObject({ pid: process.pid });
  });
});

describe('lost later', () => {
  beforeEach(() => Promise.all([etcd.start(), nats.start()]));

  test('etcd away for longer than entries live: calls go on to every node, and the set is right again after it', async () => {
    const server = { ttlMs: 2_000 };
    const first = await started({ services: [Ledger], server });
    await started({ services: [Ledger], server });
    const caller = await started({});
    const ledger = caller.client(Ledger);
    const servedBy = new Map<string, number>();
    const callUntil = async (done: () => boolean): Promise<void> => {
      while (!done()) {
        const node = await ledger.whoami({}, { maxAttempts: 1, timeoutMs: 2_000 });
        servedBy.set(node, (servedBy.get(node) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await callUntil(() => servedBy.size === 2);

    await etcd.kill();
    servedBy.clear();
    const backAt = performance.now() + 5_000;
    await callUntil(() => performance.now() > backAt);
    expect(
      [...servedBy.values()].every((calls) => calls > 10),
      JSON.stringify([...servedBy]),
    ).toBe(true);
    expect(servedBy.size).toBe(2);

    await etcd.start();
    await started({ services: [Ledger], server });
    const joined = performance.now() + 20_000;
    await callUntil(() => servedBy.size === 3 || performance.now() > joined);
    expect(servedBy.size, 'nodes that served after a third had joined').toBe(3);
    await first.drain();
    const nodes = async (): Promise<number> =>
      (await caller.get(Registry).lookup('ledger')).reduce((sum, record) => sum + record.nodes.length, 0);
    await eventually(async () => expect(await nodes()).toBe(2), { withinMs: 20_000 });
    await eventually(() => ledger.whoami(), { withinMs: 1_000 });
  }, 90_000);

  test('an app that starts to call while etcd is away says which service it cannot find, and finds it later', async () => {
    await started({ services: [Ledger], server: { ttlMs: 2_000 } });
    const { app, log } = await newApp({ profile: 'standard' });
    await app.start();
    await etcd.kill();
    await expect(app.client(Ledger).whoami({}, { timeoutMs: 8_000 })).rejects.toMatchObject({
      code: 'Unavailable',
      executed: 'no',
      rawMessage: expect.stringMatching(/the registry cannot tell the nodes of "ledger".*etcd/),
    });
    expect(log()).toContain('"service":"ledger"');
    await etcd.start();
    await eventually(() => app.client(Ledger).whoami({}, { timeoutMs: 1_000 }), { withinMs: 20_000, everyMs: 100 });
  });

  test('NATS killed and restarted: publishing waits for it, and events flow again, each once', async () => {
    const auditors = [await started({ services: [Auditor] }), await started({ services: [Auditor] })];
    const heard = auditors.map((app) => app.get(Heard));
    const publisher = (await started({})).publisher(Booked);
    const send = async (phase: string): Promise<readonly string[]> => {
      const ids = Array.from({ length: 20 }, (_, number) => `${phase}-${String(number).padStart(2, '0')}`);
      await Promise.all(ids.map((id) => publisher.publish({ id, node: 'n' })));
      return ids;
    };
    const of = (phase: string, ids: readonly string[]) => ids.filter((id) => id.startsWith(`${phase}-`)).toSorted();
    const arrived = (phase: string, ids: readonly string[], withinMs: number): Promise<void> =>
      eventually(
        () => {
          for (const one of heard) expect(of(phase, one.byEverybody)).toEqual(ids);
          expect(
            of(
              phase,
              heard.flatMap((one) => one.byTheQueue),
            ),
          ).toEqual(ids);
        },
        { withinMs },
      );
    await arrived('before', await send('before'), 10_000);

    await nats.kill();
    const meanwhile = send('meanwhile');
    await nats.start();
    await meanwhile;
    // Delivery is at most once: a subscriber that comes back after the publisher misses what was published in between.
    let attempt = 0;
    await eventually(
      async () => {
        attempt += 1;
        await arrived(`probe${attempt}`, await send(`probe${attempt}`), 1_000);
      },
      { withinMs: 30_000 },
    );
    await arrived('after', await send('after'), 10_000);
    for (const list of [...heard.map((one) => one.byEverybody), heard.flatMap((one) => one.byTheQueue)]) {
      expect(list.length, 'heard twice').toBe(new Set(list).size);
    }
  }, 90_000);

  test('calls need no NATS: while it is away they are served', async () => {
    await started({ services: [Ledger] });
    const ledger = (await started({})).client(Ledger);
    await ledger.book({ id: 'before' });
    await nats.kill();
    for (let number = 0; number < 20; number += 1) expect(await ledger.whoami()).toMatch(/^ledger-/);
  });
});

test('the whole flow in processes of their own: call by typed client, refusal, event, and a clean end of each', async () => {
  await Promise.all([etcd.start(), nats.start()]);
  const environment = { TENON_ETCD: etcd.address, TENON_NATS: nats.address };
  await using one = childApp('ledger-process.ts', ['serve'], environment);
  await using other = childApp('ledger-process.ts', ['serve'], environment);
  const pids = await Promise.all(
    [one, other].map(async (child) => JSON.parse(await child.line(/serving/)).serving as number),
  );
  await using caller = childApp('ledger-process.ts', ['call'], environment);
  const { heard } = JSON.parse(await caller.line(/heard/)) as { heard: string[] };
  expect(heard).toEqual(['entry-1', 'entry-2', 'entry-3', 'entry-4', 'entry-5']);
  const said = caller.lines.map(
    (line) => JSON.parse(line) as { booked?: { node: string; pid: number }; refused?: object },
  );
  const booked = said.flatMap((line) => line.booked ?? []);
  expect(booked).toHaveLength(5);
  for (const { node, pid } of booked) {
    expect(pids).toContain(pid);
    expect(node).toMatch(/^ledger-[0-9a-f]{12}$/);
  }
  expect(said.find((line) => line.refused)?.refused).toMatchObject({
    code: 'InvalidArgument',
    executed: 'no',
    details: { violations: [{ field: 'id', rule: 'isString', valueType: 'number' }] },
  });
  expect(await caller.ended(5_000), caller.errors).toEqual({ code: 0, signal: null });

  const looker = await started({});
  const nodes = async (): Promise<number> =>
    (await looker.get(Registry).lookup('ledger')).reduce((sum, record) => sum + record.nodes.length, 0);
  expect(await nodes()).toBe(2);
  one.kill('SIGTERM');
  expect(await one.ended(10_000), one.errors).toEqual({ code: 0, signal: null });
  expect(one.lines).toContain(JSON.stringify({ stopped: pids[0] }));
  expect(await nodes(), 'the one that was told to stop has left the registry itself').toBe(1);
  other.kill('SIGINT');
  expect(await other.ended(10_000), other.errors).toEqual({ code: 0, signal: null });
  expect(await nodes()).toBe(0);
}, 90_000);
