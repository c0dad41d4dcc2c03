import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Avahi } from './avahi.js';
import { type Program, TwoMachines, whyNoNamespaces } from './namespaces.js';

const missing = whyNoNamespaces();
if (missing !== undefined) process.stdout.write(`SKIPPED: ${missing}\n`);

describe.skipIf(missing !== undefined)('on two machines', () => {
  let two: TwoMachines;
  let running: Program[] = [];
  beforeAll(() => {
    two = TwoMachines.create();
  });
  afterEach(async () => {
    for (const program of running) program.kill('SIGKILL');
    for (const program of running) await program.ended();
    running = [];
  });
  afterAll(() => two.remove());

  const run = (program: Program): Program => {
    running.push(program);
    return program;
  };
  const serving = (ttlMs = 15_000) => ({ service: 'greeter', id: 'greeter-t1', address: '10.99.7.1:9090', ttlMs });

  test('avahi-browse sees us, we see what avahi publishes, and both see the goodbye', async () => {
    const avahi = await Avahi.start(two.there);
    try {
      const ours = run(two.here.registry({ serve: [serving()], watch: 'printing' }));
      const browse = avahi.tool('avahi-browse', '-rp', '_tenon._tcp');
      const lines = (sign: string) => browse.lines.filter((line) => line.startsWith(`${sign};`)).join('\n');
      await expect.poll(() => lines('='), { timeout: 15_000 }).toContain('tenon-10-99-7-1.local;10.99.7.1;9090');
      for (const pair of ['"service=greeter"', '"id=greeter-t1"', '"version=1.2.0"', '"tenon=1"'])
        expect(lines('=')).toContain(pair);
      const types = avahi.tool('avahi-browse', '-apt');
      await expect.poll(() => types.lines.join('\n'), { timeout: 15_000 }).toContain('_tenon._tcp;local');

      const published = avahi.tool(
        'avahi-publish',
        '-s',
        'printer-9',
        '_tenon._tcp',
        '5151',
        'service=printing',
        'version=2.0.0',
        'room=12',
      );
      await expect.poll(() => ours.nodes, { timeout: 15_000 }).toEqual(['printer-9 10.99.7.2:5151']);
      expect(JSON.stringify(ours.told.at(-1)?.['records'])).toContain('"version":"2.0.0"');
      published.kill('SIGTERM');
      await expect.poll(() => ours.nodes, { timeout: 15_000 }).toEqual([]);

      expect(lines('-')).not.toContain('greeter-t1');
      ours.kill('SIGTERM');
      await expect.poll(() => lines('-'), { timeout: 15_000 }).toContain('greeter-t1');
    } finally {
      await avahi.stop();
    }
  });

  test('bonjour-service sees us, we see what it publishes, and both see the goodbye', async () => {
    const ours = run(two.here.registry({ serve: [serving()], watch: 'printing' }));
    const program = fileURLToPath(new URL('bonjour-program.cjs', import.meta.url));
    const bonjour = run(two.there.start(process.execPath, [program, two.there.address]));
    await expect.poll(() => ours.nodes, { timeout: 15_000 }).toEqual(['printer-7 10.99.7.2:5151']);
    const ups = () => JSON.stringify(bonjour.told.filter((line) => 'up' in line));
    await expect.poll(ups, { timeout: 15_000 }).toContain('greeter-t1@greeter');
    expect(ups()).toContain('"addresses":["10.99.7.1"]');
    ours.kill('SIGTERM');
    await expect
      .poll(() => bonjour.told.some((line) => line['down'] === 'greeter-t1@greeter'), { timeout: 15_000 })
      .toBe(true);
    const again = run(two.here.registry({ watch: 'printing' }));
    await expect.poll(() => again.nodes, { timeout: 15_000 }).toEqual(['printer-7 10.99.7.2:5151']);
    bonjour.kill('SIGTERM');
    await expect.poll(() => again.nodes, { timeout: 15_000 }).toEqual([]);
  });

  test('a killed node is gone after its time to live, one that ends at once', async () => {
    const watching = run(two.there.registry({ watch: 'greeter' }));
    await expect.poll(() => watching.nodes, { timeout: 15_000 }).toEqual([]);
    const ending = run(two.here.registry({ serve: [serving(60_000)] }));
    await expect.poll(() => watching.nodes, { timeout: 15_000 }).toEqual(['greeter-t1 10.99.7.1:9090']);
    ending.kill('SIGTERM');
    await expect.poll(() => watching.nodes, { timeout: 15_000 }).toEqual([]);
    const killed = run(two.here.registry({ serve: [serving(2_000)] }));
    await expect.poll(() => watching.nodes, { timeout: 15_000 }).toEqual(['greeter-t1 10.99.7.1:9090']);
    killed.kill('SIGKILL');
    await expect.poll(() => watching.nodes, { timeout: 15_000 }).toEqual([]);
  });

  test('an interface that is taken down is told, what was known stands, and it heals by itself', async () => {
    const watching = run(two.there.registry({ watch: 'greeter' }));
    const ours = run(two.here.registry({ serve: [serving(2_000)] }));
    await expect.poll(() => watching.nodes, { timeout: 15_000 }).toEqual(['greeter-t1 10.99.7.1:9090']);
    two.there.unplug();
    await expect.poll(() => watching.told.at(-1)?.['error'], { timeout: 15_000 }).toBe('Unavailable');
    await expect.poll(() => ours.told.at(-1)?.['lease'], { timeout: 15_000 }).toBe('lost');
    two.there.plug();
    await expect
      .poll(() => watching.told.at(-1)?.['nodes'], { timeout: 15_000 })
      .toEqual(['greeter-t1 10.99.7.1:9090']);
    await expect.poll(() => ours.told.at(-1)?.['lease'], { timeout: 15_000 }).toBe('held');
    const sets = watching.told
      .filter((line) => 'nodes' in line)
      .map((line) => (line['nodes'] as readonly string[]).length);
    expect(sets.slice(sets.indexOf(1))).not.toContain(0);
  });

  test('a stopped process knows that it lost its lease, and is there again', async () => {
    const watching = run(two.there.registry({ watch: 'greeter' }));
    const ours = run(two.here.registry({ serve: [serving(2_000)] }));
    await expect.poll(() => watching.nodes, { timeout: 15_000 }).toEqual(['greeter-t1 10.99.7.1:9090']);
    ours.kill('SIGSTOP');
    await expect.poll(() => watching.nodes, { timeout: 15_000 }).toEqual([]);
    ours.kill('SIGCONT');
    await expect.poll(() => watching.nodes, { timeout: 15_000 }).toEqual(['greeter-t1 10.99.7.1:9090']);
  });
});
