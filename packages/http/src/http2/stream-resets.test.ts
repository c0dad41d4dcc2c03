import { EventEmitter } from 'node:events';
import type { ClientHttp2Stream } from 'node:http2';
import type { Clock } from '@tenon/contract';
import { expect, test } from 'vitest';
import { StreamResets } from './stream-resets.js';

class HandClock implements Clock {
  readonly timers = new Map<number, { readonly at: number; readonly callback: () => void }>();
  #now = 0;
  #made = 0;

  now = (): number => this.#now;
  wallTime = (): number => this.#now;

  after(delayMs: number, callback: () => void): () => void {
    this.#made += 1;
    const id = this.#made;
    this.timers.set(id, { at: this.#now + delayMs, callback });
    return () => void this.timers.delete(id);
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const [id, { at, callback }] of [...this.timers]) {
      if (at > this.#now || !this.timers.delete(id)) continue;
      callback();
    }
  }
}

class FakeStream extends EventEmitter {
  readonly codes: number[] = [];
  resumed = 0;
  closed = false;
  destroyed = false;

  close(code: number): void {
    this.codes.push(code);
    this.end();
  }

  end(): void {
    this.closed = true;
    this.emit('close');
  }

  resume(): void {
    this.resumed += 1;
  }
}

function fixture(giveUp: () => boolean = () => false) {
  const clock = new HandClock();
  const resets = new StreamResets(clock, giveUp);
  const streams: FakeStream[] = [];
  const reset = (count: number, streamsMessages = false): readonly FakeStream[] =>
    Array.from({ length: count }, () => {
      const stream = new FakeStream();
      streams.push(stream);
      resets.reset(stream as unknown as ClientHttp2Stream, streamsMessages);
      return stream;
    });
  const count = (): number => streams.filter(({ codes }) => codes.length > 0).length;
  return { clock, reset, count };
}

test('a hundred at once are reset as cancelled, the next ones as soon as a server bears it again', () => {
  const { clock, reset, count } = fixture();
  const all = reset(130);
  expect(count()).toBe(100);
  expect(all[0]?.codes).toEqual([0x8]);
  expect(all[129]?.resumed).toBe(1);
  clock.pass(1_000);
  expect(count()).toBe(115);
  clock.pass(1_000);
  expect(count()).toBe(130);
  expect(clock.timers.size).toBe(0);
});

test('one whose answer came meanwhile is not, and leaves no timer', () => {
  const { clock, reset, count } = fixture();
  const [last] = reset(101).slice(-1);
  last?.end();
  expect(clock.timers.size).toBe(0);
  clock.pass(10_000);
  expect(count()).toBe(100);
});

test('one that no reset is left for is listened to once, however long it waits', () => {
  const { clock, reset, count } = fixture();
  const [last] = reset(400).slice(-1);
  for (let second = 0; second < 15; second += 1) clock.pass(1_000);
  expect([last?.closed, last?.listenerCount('close'), clock.timers.size]).toEqual([false, 1, 1]);
  for (let second = 0; second < 5; second += 1) clock.pass(1_000);
  expect([count(), clock.timers.size]).toEqual([400, 0]);
});

test('streams of messages are reset whatever is left', () => {
  const { reset, count } = fixture();
  reset(150, true);
  expect(count()).toBe(150);
});

test('over time it is fifteen a second', () => {
  const { clock, reset, count } = fixture();
  reset(100);
  for (let second = 0; second < 60; second += 1) {
    clock.pass(1_000);
    for (const stream of reset(40)) if (!stream.closed) stream.end();
  }
  expect(count()).toBe(100 + 60 * 15);
});

test('a session that is given up for new calls has eighty more for those under way', () => {
  let asked = 0;
  let mayBe = false;
  const { reset, count } = fixture(() => {
    asked += 1;
    return mayBe;
  });
  reset(100);
  expect(asked).toBe(0);
  reset(1);
  mayBe = true;
  reset(1);
  expect([asked, count()]).toEqual([2, 101]);
  reset(200);
  expect([asked, count()]).toEqual([2, 180]);
});
