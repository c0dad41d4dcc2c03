import { rejectsWith } from '@tenon/conformance';
import { ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { Outbox, type Send } from './outbox.js';
import type { Packet } from './scripts/publish.js';

describe('the outbox', () => {
  it('sends in order what waited, once there is a connection', async () => {
    const { outbox } = stage();
    const publishing = ['a', 'b', 'c'].map((id) => outbox.publish(packet(id)));
    const server = new Server();
    outbox.connected(server.send, 0);
    server.answer();
    await Promise.all(publishing);
    expect([server.got, outbox.pendingBytes]).toEqual([['a', 'b', 'c'], 0]);
  });

  it('holds what waits for a while after a reconnect', async () => {
    const { outbox, clock } = stage();
    const server = new Server();
    outbox.connected(server.send, 500);
    const publishing = outbox.publish(packet('a'));
    await clock.advance(499);
    expect(server.got).toEqual([]);
    await clock.advance(1);
    server.answer();
    await publishing;
  });

  it('is at most so many bytes ahead of the server’s word, and sends on as that comes', async () => {
    const { outbox } = stage();
    const server = new Server();
    outbox.connected(server.send, 0);
    const publishing = Array.from({ length: 5 }, (_, index) => outbox.publish(packet(`${index}`, 400_000)));
    expect(server.got).toEqual(['0', '1']);
    while (server.answer() > 0) await Promise.resolve();
    for (let turn = 0; turn < 10; turn++) {
      await Promise.resolve();
      server.answer();
    }
    await Promise.all(publishing);
    expect(server.got).toEqual(['0', '1', '2', '3', '4']);
  });

  it('takes no more than it may hold, and is free again when something has gone', async () => {
    const { outbox, clock } = stage({ maxPendingBytes: 2_000 });
    const first = outbox.publish(packet('a', 1_000));
    const refused = await rejectsWith(() => outbox.publish(packet('b', 1_000)), 'ResourceExhausted');
    expect([refused.executed, refused.message]).toEqual(['no', expect.stringContaining('maxPendingBytes is 2000')]);
    const late = rejectsWith(() => first, 'Unavailable');
    await clock.advance(10_000);
    expect(await late).toMatchObject({ executed: 'no', message: expect.stringContaining('Redis is away') });
    expect([outbox.pendingBytes, clock.pending]).toEqual([0, 0]);
  });

  it('that repeats sends again what had no answer, in order, and says maybe of what it gives up', async () => {
    const { outbox, clock } = stage();
    const lost = new Server();
    outbox.connected(lost.send, 0);
    const publishing = ['a', 'b'].map((id) => outbox.publish(packet(id)));
    outbox.disconnected();
    const waiting = outbox.publish(packet('c'));
    const back = new Server();
    outbox.connected(back.send, 0);
    expect([lost.got, back.got]).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
    ]);
    const all = Promise.all([...publishing, waiting].map((one) => rejectsWith(() => one, 'Unavailable')));
    await clock.advance(10_000);
    expect((await all).map(({ executed }) => executed)).toEqual(['maybe', 'maybe', 'maybe']);
  });

  it('that does not repeat gives up what had no answer, and keeps what waited', async () => {
    const { outbox } = stage({ repeats: false });
    const lost = new Server();
    outbox.connected(lost.send, 0);
    const publishing = outbox.publish(packet('a'));
    outbox.disconnected();
    expect((await rejectsWith(() => publishing, 'Unavailable')).executed).toBe('maybe');
    const waiting = outbox.publish(packet('b'));
    const back = new Server();
    outbox.connected(back.send, 0);
    back.answer();
    await waiting;
    expect(back.got).toEqual(['b']);
  });

  it('tries again what is refused for a moment, and hands on what is refused for good', async () => {
    const { outbox, clock } = stage();
    const server = new Server();
    outbox.connected(server.send, 0);
    const publishing = outbox.publish(packet('a'));
    server.answer(new ServiceError('Unavailable', 'LOADING', { executed: 'no' }));
    await clock.advance(250);
    expect(server.got).toEqual(['a', 'a']);
    server.answer(new ServiceError('ResourceExhausted', 'OOM', { executed: 'no' }));
    await rejectsWith(() => publishing, 'ResourceExhausted');
  });

  it('keeps the order of what is refused for a moment, one by one', async () => {
    const { outbox, clock } = stage({ repeats: false });
    const server = new Server();
    outbox.connected(server.send, 0);
    const publishing = ['a', 'b', 'c'].map((id) => outbox.publish(packet(id)));
    server.answer(new ServiceError('Unavailable', 'LOADING', { executed: 'no' }));
    await clock.advance(250);
    expect(server.got.slice(3)).toEqual(['a', 'b', 'c']);
    server.answer();
    await Promise.all(publishing);
  });

  it('forgets what its publisher gives up', async () => {
    const { outbox } = stage();
    const aborting = new AbortController();
    const publishing = outbox.publish(packet('a'), aborting.signal);
    aborting.abort();
    expect((await rejectsWith(() => publishing, 'Canceled')).executed).toBe('no');
    const server = new Server();
    outbox.connected(server.send, 0);
    expect([server.got, outbox.pendingBytes]).toEqual([[], 0]);
  });

  it('that is closed rejects what waits, takes nothing more, and leaves no timer', async () => {
    const { outbox, clock } = stage();
    const waiting = outbox.publish(packet('a'));
    outbox.close();
    await rejectsWith(() => waiting, 'Unavailable');
    await rejectsWith(() => outbox.publish(packet('b')), 'Unavailable');
    await outbox.flushed();
    expect(clock.pending).toBe(0);
  });
});

/** What was sent to it, answered when told. */
class Server {
  readonly got: string[] = [];
  readonly #open: ((failure?: ServiceError) => void)[] = [];

  readonly send: Send = ({ topic }) => {
    this.got.push(topic);
    return new Promise((resolve, reject) => {
      this.#open.push((failure) => (failure === undefined ? resolve() : reject(failure)));
    });
  };

  answer(failure?: ServiceError): number {
    const open = this.#open.splice(0);
    for (const settle of open) settle(failure);
    return open.length;
  }
}

function stage({ maxPendingBytes = 16_000_000, repeats = true } = {}): { outbox: Outbox; clock: FakeClock } {
  const clock = new FakeClock();
  return { outbox: new Outbox({ maxPendingBytes, maxPendingMs: 10_000, repeats }, clock), clock };
}

function packet(topic: string, bytes = 10): Packet {
  return { topic, record: Buffer.alloc(0), id: undefined, bytes };
}
