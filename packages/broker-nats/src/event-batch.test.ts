import { type Message, noMetadata } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { EventBatch, eventsOf, isBatch } from './event-batch.js';

describe('events of a busy topic', () => {
  it('go one by one until a topic has had a thousand within 100 ms, then together', async () => {
    const { batch, sent, publish } = setUp();
    for (let count = 0; count < 2_100; count += 1) publish('t.y');
    batch.flush();
    const alone = sent.filter(({ events }) => events === 1).length;
    expect([alone, sent[alone]?.events]).toEqual([1_999, 64]);
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

  it('leave as they are where there is one only', async () => {
    const { payloads, publish, makeBusy } = setUp();
    makeBusy('t.y');
    payloads.splice(0);
    publish('t.y', 3);
    await turn();
    expect(payloads.map((one) => Buffer.from(one).toString('hex'))).toEqual(['e1e1e1']);
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

  it('are no more than 64 at a time', () => {
    const { batch, sent, publish, makeBusy } = setUp();
    makeBusy('t.y');
    for (let count = 0; count < 300; count += 1) publish('t.y', 10);
    batch.flush();
    expect(sent.map(({ events }) => events)).toEqual([64, 64, 64, 64, 44]);
  });

  it('fill no more than 16 KiB', () => {
    const { batch, sent, publish, makeBusy } = setUp();
    makeBusy('t.y');
    for (let count = 0; count < 20; count += 1) publish('t.y', 2_048);
    batch.flush();
    expect(sent.map(({ events }) => events)).toEqual([7, 7, 6]);
  });

  it('are held, full batches too, until the turn ends', async () => {
    const { sent, publish, makeBusy } = setUp();
    makeBusy('t.y');
    await turn();
    for (let count = 0; count < 100; count += 1) publish('t.y');
    expect(sent).toEqual([]);
    await turn();
    expect(sent.map(({ events }) => events)).toEqual([64, 36]);
  });

  it('are held up to 64 KiB', () => {
    const { sent, publish, makeBusy } = setUp();
    makeBusy('t.y');
    for (let count = 0; count < 36; count += 1) publish('t.y', 2_048);
    expect(sent.map(({ events }) => events)).toEqual([7, 7, 7, 7, 7]);
  });

  it('are forgotten together, as they are when the connection is lost', async () => {
    const { batch, sent, publish, makeBusy } = setUp();
    makeBusy('t.y');
    for (let count = 0; count < 100; count += 1) publish('t.y');
    batch.clear();
    await turn();
    expect(sent).toEqual([]);
    publish('t.y');
    await turn();
    expect(sent).toEqual([{ topic: 't.y', events: 1 }]);
  });
});

describe('a batch', () => {
  it('of two events has these bytes', () => {
    const { batch, payloads, makeBusy } = setUp();
    makeBusy('t.y');
    payloads.splice(0);
    batch.add('t.y', messageOf(Buffer.from('e10001', 'hex')));
    batch.add('t.y', messageOf(Buffer.from('e1', 'hex')));
    batch.flush();
    expect(payloads.map((one) => Buffer.from(one).toString('hex'))).toEqual(['b100000003e1000100000001e1']);
    expect(eventsOf(payloads[0] as Uint8Array)).toEqual([5, 8, 12, 13]);
    expect(isBatch(Buffer.from('e1', 'hex'))).toBe(false);
  });

  it('tells how many bytes an event takes of it, and does not take what its envelope would not share', () => {
    const { batch, sent, makeBusy } = setUp();
    makeBusy('t.y');
    const refused = batch.add('t.y', messageOf(Buffer.alloc(0)));
    const taken = batch.add('t.y', messageOf(Buffer.alloc(10)));
    batch.flush();
    expect([refused, taken, sent.length]).toEqual([0, 14, 1]);
  });

  it('is not what it was once it has left', () => {
    const { batch, payloads, makeBusy } = setUp();
    makeBusy('t.y');
    payloads.splice(0);
    for (const byte of [1, 2]) {
      batch.add('t.y', messageOf(Buffer.from([byte])));
      batch.add('t.y', messageOf(Buffer.from([byte])));
      batch.flush();
    }
    expect(payloads.map((one) => Buffer.from(one).toString('hex'))).toEqual([
      'b1000000010100000001' + '01',
      'b1000000010200000001' + '02',
    ]);
  });

  it.each(['b100', 'b100000003e1', 'b100000001e10000', 'b1ffffffffe1'])('that is cut off, as %s, is none', (hex) => {
    expect(() => eventsOf(Buffer.from(hex, 'hex'))).toThrow(RangeError);
  });
});

function setUp() {
  const clock = new FakeClock();
  const sent: { readonly topic: string; readonly events: number }[] = [];
  const payloads: Uint8Array[] = [];
  const write = (topic: string, payload: Uint8Array): void => {
    payloads.push(payload);
    sent.push({ topic, events: isBatch(payload) ? eventsOf(payload).length / 2 : 1 });
  };
  const batch = new EventBatch(packInto, write, clock);
  const publish = (topic: string, bytes = 100): 'taken' | 'alone' => {
    if (batch.add(topic, messageOf(Buffer.alloc(bytes, 0xe1))) > 0) return 'taken';
    batch.flush();
    sent.push({ topic, events: 1 });
    return 'alone';
  };
  const makeBusy = (topic: string): void => {
    for (let count = 0; count < 2_000; count += 1) publish(topic);
    batch.flush();
    sent.splice(0);
  };
  return { clock, batch, sent, payloads, publish, makeBusy };
}

/** An envelope that is the body and nothing else, and shares none that is empty. */
function packInto(target: Buffer, position: number, { body }: Message): number {
  if (body.length === 0 || body.length > target.length - position) return 0;
  target.set(body, position);
  return position + body.length;
}

function messageOf(body: Buffer): Message {
  return { id: 'one', timeMs: 0, contentType: 'application/octet-stream', metadata: noMetadata, body };
}

/** The rest of this turn: its microtasks and what stands behind them. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
