import { RecordTable, SkippedEntries, silentLogger } from '@tenon/contract/authoring';
import { expect, it } from 'vitest';
import type { DnsRecord } from './dns-record.js';
import { NodeCache } from './node-cache.js';
import { textStringsOf } from './txt-strings.js';

/** A clock that moves only by hand. */
class ManualClock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** As if the process had been stopped: time passes, and timers fire late. */
  jump(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }
}

function setUp() {
  const clock = new ManualClock();
  const table = new RecordTable();
  const ending: string[] = [];
  const missing: string[] = [];
  const missed: number[] = [];
  const cache = new NodeCache({
    table,
    skipped: new SkippedEntries(silentLogger(), clock),
    clock,
    isOurs: () => false,
    onEnding: ({ name }) => ending.push(name),
    onHostMissing: (host) => missing.push(host),
    onMissed: () => missed.push(clock.now()),
  });
  return { clock, table, cache, ending, missing, missed };
}

const text = textStringsOf({ Service: 'greeter', Version: '1', Endpoints: null, Metadata: null });

function nodeOf(id: string, ttl: number, address: string | null = '10.0.0.5'): readonly DnsRecord[] {
  const name = `${id}.greeter.micro`;
  const target = `${id}.local`;
  return [
    { name, type: 'SRV', ttl, data: { target, port: 80 } },
    ...(address === null ? [] : [{ name: target, type: 'A' as const, ttl, data: address }]),
    {
      name,
      type: 'TXT',
      ttl,
      data: text,
    },
  ];
}

function addresses(table: RecordTable): readonly string[] {
  return table.recordsOf('greeter').flatMap(({ nodes }) => nodes.map(({ id, address }) => `${id} ${address}`));
}

it('keeps a node for as long as it was said to last, and asks for it before that', () => {
  const { clock, table, cache, ending } = setUp();
  cache.hear(nodeOf('n1', 10));
  clock.advance(7_900);
  expect([addresses(table), ending]).toEqual([['n1 10.0.0.5:80'], []]);
  clock.advance(1_900);
  expect([addresses(table), ending.length > 0]).toEqual([['n1 10.0.0.5:80'], true]);
  clock.advance(500);
  expect(addresses(table)).toEqual([]);
});

it('what is heard again lives on, and keeps its record', () => {
  const { clock, table, cache } = setUp();
  cache.hear(nodeOf('n1', 10));
  const record = table.get('n1.greeter.micro');
  for (let third = 0; third < 30; third += 1) {
    clock.advance(3_333);
    cache.hear(nodeOf('n1', 10));
  }
  expect(table.get('n1.greeter.micro')).toBe(record);
});

it('a host without an address is asked for, and its address may change', () => {
  const { table, cache, missing } = setUp();
  cache.hear(nodeOf('n1', 10, null));
  expect([addresses(table), missing]).toEqual([[], ['n1.local']]);
  cache.hear([{ name: 'N1.local', type: 'A', ttl: 10, data: '10.0.0.9' }]);
  expect(addresses(table)).toEqual(['n1 10.0.0.9:80']);
  cache.hear(nodeOf('n1', 10, '10.0.0.7'));
  expect(addresses(table)).toEqual(['n1 10.0.0.7:80']);
});

it('a pointer that is taken back takes its instance along', () => {
  const { table, cache } = setUp();
  cache.hear(nodeOf('n1', 10));
  cache.hear([{ name: 'mailer.micro', type: 'PTR', ttl: 0, data: 'n1.greeter.micro' }]);
  expect(addresses(table)).toHaveLength(1);
  cache.hear([{ name: 'greeter.micro', type: 'PTR', ttl: 0, data: 'n1.greeter.micro' }]);
  expect(addresses(table)).toEqual([]);
});

it('nothing ends while nothing can be heard, nor because the process was stopped', () => {
  const { clock, table, cache, missed } = setUp();
  cache.hear(nodeOf('n1', 10));
  cache.freeze();
  clock.advance(60_000);
  expect(addresses(table)).toHaveLength(1);
  cache.thaw(2_000);
  clock.advance(1_900);
  expect(addresses(table)).toHaveLength(1);
  cache.hear(nodeOf('n1', 10));
  clock.jump(30_000);
  expect([addresses(table).length, missed.length]).toEqual([1, 1]);
  clock.advance(2_500);
  expect(addresses(table)).toEqual([]);
});

it('more than 20,000 instances are not kept', () => {
  const { table, cache } = setUp();
  for (let index = 0; index < 20_100; index += 1) cache.hear(nodeOf(`n${index}`, 60));
  expect(addresses(table)).toHaveLength(20_000);
  cache.hear(nodeOf('n7', 60, '10.0.0.7'));
  expect(addresses(table)).toContain('n7 10.0.0.7:80');
});
