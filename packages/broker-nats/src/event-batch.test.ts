import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { EventBatch, eventsOf, isBatch } from './event-batch.js';

describe('events of one turn', () => {
  it('go one by one until a topic has had a thousand within 100 ms, then together', async () => {
    const { batch, sent, publish } = setUp();
    for (let count = 0; count < 2_100; count += 1) publish('t.y');
    const alone = sent.filter(({ events }) => events === 1).length;
    expect([alone, sent[alone]?.events]).toEqual([1_999, 32]);
    batch.flush();
    expect(sent.reduce((sum, { events }) => sum + events, 0)).toBe(2_100);
  });

  it('go one by one where they are spread over a longer time, and again after a pause', async () => {
    const { clock, sent, publish } = setUp();
    for (let count = 0; count < 3_000; count += 1) {
      publish('t.y');
      if (count % 10 === 9) await clock.advance(1);
    }
    expect(sent.every(({ events }) => events === 1)).toBe(true);
    for (let count = 0; count < 2_500; count += 1) publish('t.y');
    expect(sent.some(({ events }) => events > 1)).toBe(true);
    await turn();
    await clock.advance(100);
    const before = sent.length;
    for (let count = 0; count < 64; count += 1) publish('t.y');
    expect(sent.slice(before).map(({ events }) => events)).toEqual(Array(64).fill(1));
  });

  it('leave with the end of the turn, behind a loop that awaits each', async () => {
    const { sent, publish, makeBusy } = setUp();
    makeBusy('t.y');
    for (let count = 0; count < 5; count += 1) {
      publish('t.y');
      await Promise.resolve();
    }
    expect(sent).toEqual([]);
    await turn();
    expect(sent).toEqual([{ topic: 't.y', events: 5 }]);
  });

  it('keep their order over topics, and beside what is too large to share', async () => {
    const { batch, sent, publish, makeBusy } = setUp();
    makeBusy('t.y');
    makeBusy('t.z');
    sent.splice(0);
    publish('t.y');
    publish('t.y');
    publish('t.z');
    expect(publish('t.z', 4_096)).toBe('alone');
    publish('t.y');
    batch.flush();
    expect(sent).toEqual([
      { topic: 't.y', events: 2 },
      { topic: 't.z', events: 1 },
      { topic: 't.z', events: 1 },
      { topic: 't.y', events: 1 },
    ]);
  });

  it('fill no more than 16 KiB', () => {
    const { sent, publish, makeBusy } = setUp();
    makeBusy('t.y');
    for (let count = 0; count < 20; count += 1) publish('t.y', 2_048);
    expect(sent.map(({ events }) => events)).toEqual([7, 7]);
  });
});

describe('a batch', () => {
  it('of two events has these bytes', () => {
    const payloads: Uint8Array[] = [];
    const batch = new EventBatch((_topic, payload) => payloads.push(payload), new FakeClock());
    for (let count = 0; count < 2_000; count += 1) batch.add('t.y', Buffer.from('e1', 'hex'));
    batch.flush();
    payloads.splice(0);
    batch.add('t.y', Buffer.from('e10001', 'hex'));
    batch.add('t.y', Buffer.from('e1', 'hex'));
    batch.flush();
    expect(payloads.map((one) => Buffer.from(one).toString('hex'))).toEqual(['b100000003e1000100000001e1']);
    expect(eventsOf(payloads[0] as Uint8Array)).toEqual([5, 8, 12, 13]);
    expect(isBatch(Buffer.from('e1', 'hex'))).toBe(false);
  });

  it.each(['b100', 'b100000003e1', 'b100000001e10000', 'b1ffffffffe1'])('that is cut off, as %s, is none', (hex) => {
    expect(() => eventsOf(Buffer.from(hex, 'hex'))).toThrow(RangeError);
  });
});

function setUp() {
  const clock = new FakeClock();
  const sent: { readonly topic: string; readonly events: number }[] = [];
  const batch = new EventBatch((topic, payload) => {
    sent.push({ topic, events: isBatch(payload) ? eventsOf(payload).length / 2 : 1 });
  }, clock);
  const publish = (topic: string, bytes = 100): 'taken' | 'alone' => {
    if (batch.add(topic, Buffer.alloc(bytes, 0xe1))) return 'taken';
    batch.flush();
    sent.push({ topic, events: 1 });
    return 'alone';
  };
  const makeBusy = (topic: string): void => {
    for (let count = 0; count < 2_000; count += 1) publish(topic);
    batch.flush();
    sent.splice(0);
  };
  return { clock, batch, sent, publish, makeBusy };
}

/** The rest of this turn: its microtasks and what stands behind them. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
