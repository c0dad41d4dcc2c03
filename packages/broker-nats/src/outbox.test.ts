import type { ServerInfo } from '@nats-io/transport-node';
import { rejectsWith } from '@tenon/conformance';
import { type Message, noMetadata } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { settled } from '../test/settled.js';
import type { Envelope } from './envelope.js';
import { Outbox, type OutboxConnection } from './outbox.js';

describe('the outbox', () => {
  it('writes at once while the server keeps up', async () => {
    const { outbox, connection } = connectedOutbox();
    await outbox.publish('t.y', messageOf(10));
    await outbox.publish('t.z', messageOf(20));
    expect(connection.written).toEqual(['t.y 10', 't.z 20']);
    expect(outbox.waitingBytes).toBe(0);
  });

  it('writes no more than a window ahead of the server, and goes on in order when it confirms', async () => {
    const { outbox, connection } = connectedOutbox();
    const publishing = Array.from({ length: 100 }, (_, index) => outbox.publish(`t.${index}`, messageOf(64 * 1_024)));
    await settled();
    expect(connection.written).toHaveLength(64);
    const last = publishing.at(-1);
    let isPublished = false;
    void last?.then(() => {
      isPublished = true;
    });
    await settled();
    expect(isPublished).toBe(false);
    while (connection.pings.length > 0) {
      connection.pong();
      await settled();
    }
    await Promise.all(publishing);
    expect(connection.written.map((line) => line.split(' ')[0])).toEqual(publishing.map((_, index) => `t.${index}`));
  });

  it('asks for one confirmation at a time: after 256 KiB, or 100 ms later', async () => {
    const { outbox, connection, clock } = connectedOutbox();
    await outbox.publish('t.y', messageOf(10));
    expect(connection.pings).toHaveLength(0);
    await clock.advance(100);
    expect(connection.pings).toHaveLength(1);
    for (let index = 0; index < 8; index++) await outbox.publish('t.y', messageOf(80_000));
    expect(connection.pings).toHaveLength(1);
    connection.pong();
    await settled();
    expect(connection.pings).toHaveLength(1);
    connection.pong();
    await settled();
    expect([connection.pings.length, clock.pending]).toEqual([0, 0]);
  });

  it('keeps what is published while there is no connection, in order, and writes it to the next after the hold', async () => {
    const { outbox, connection, clock } = connectedOutbox();
    outbox.disconnected();
    const publishing = ['t.1', 't.2', 't.3'].map((topic) => outbox.publish(topic, messageOf(10)));
    await settled();
    expect(outbox.waitingBytes).toBe(3 * (10 + 256));
    const next = new FakeConnection();
    outbox.connected(next, 500);
    const later = outbox.publish('t.4', messageOf(10));
    await clock.advance(499);
    expect(next.written).toEqual([]);
    await clock.advance(1);
    await Promise.all([...publishing, later]);
    expect([connection.written, next.written]).toEqual([[], ['t.1 10', 't.2 10', 't.3 10', 't.4 10']]);
    expect(outbox.waitingBytes).toBe(0);
  });

  it('does not write to a connection that has ended and was not taken away yet', async () => {
    const { outbox, connection } = connectedOutbox();
    connection.hasEnded = true;
    const publishing = outbox.publish('t.y', messageOf(10));
    outbox.disconnected();
    const next = new FakeConnection();
    outbox.connected(next, 0);
    await publishing;
    expect([connection.written, next.written]).toEqual([[], ['t.y 10']]);
  });

  it('rejects with ResourceExhausted where nothing more may wait, naming both figures', async () => {
    const { outbox } = disconnectedOutbox({ maxPendingBytes: 1_000 });
    const waiting = [outbox.publish('t.y', messageOf(244)), outbox.publish('t.y', messageOf(244))];
    const failure = await rejectsWith(() => outbox.publish('t.y', messageOf(0)), 'ResourceExhausted');
    expect([failure.executed, failure.message]).toEqual([
      'no',
      expect.stringMatching(/1000 .*maxPendingBytes is 1000/),
    ]);
    outbox.connected(new FakeConnection(), 0);
    await Promise.all(waiting);
    await outbox.publish('t.y', messageOf(0));
  });

  it('rejects with Unavailable what waited too long, each at its own time', async () => {
    const { outbox, clock } = disconnectedOutbox({ maxPendingMs: 1_000 });
    const first = rejectsWith(() => outbox.publish('t.1', messageOf(1)), 'Unavailable');
    await clock.advance(600);
    let isSecondSettled = false;
    const second = rejectsWith(() => outbox.publish('t.2', messageOf(1)), 'Unavailable').finally(() => {
      isSecondSettled = true;
    });
    await clock.advance(400);
    expect((await first).executed).toBe('no');
    expect([isSecondSettled, outbox.waitingBytes]).toEqual([false, 257]);
    await clock.advance(600);
    await second;
    expect([outbox.waitingBytes, clock.pending]).toEqual([0, 0]);
  });

  it('forgets what is aborted, and frees its room', async () => {
    const { outbox, clock } = disconnectedOutbox({ maxPendingBytes: 300 });
    const aborting = new AbortController();
    const publishing = rejectsWith(() => outbox.publish('t.y', messageOf(40), aborting.signal), 'Canceled');
    aborting.abort();
    expect((await publishing).executed).toBe('no');
    expect([outbox.waitingBytes, clock.pending]).toEqual([0, 0]);
    const kept = outbox.publish('t.z', messageOf(40));
    const connection = new FakeConnection();
    outbox.connected(connection, 0);
    await kept;
    expect(connection.written).toEqual(['t.z 40']);
  });

  it('rejects a message over the server’s limit with ResourceExhausted, naming both sizes, also while it is away', async () => {
    const { outbox, connection } = connectedOutbox();
    connection.info = { max_payload: 100 } as ServerInfo;
    await outbox.publish('t.y', messageOf(100));
    const refused = async (): Promise<string> => {
      const failure = await rejectsWith(() => outbox.publish('t.y', messageOf(101)), 'ResourceExhausted');
      return failure.message;
    };
    expect(await refused()).toMatch(/101 bytes .* 100/);
    outbox.disconnected();
    expect(await refused()).toMatch(/101 bytes .* 100/);
    expect(connection.written).toEqual(['t.y 100']);
  });

  it('rejects a waiting message that a new server finds too large, and writes the next', async () => {
    const { outbox } = disconnectedOutbox();
    const large = rejectsWith(() => outbox.publish('t.1', messageOf(101)), 'ResourceExhausted');
    const small = outbox.publish('t.2', messageOf(1));
    const connection = new FakeConnection();
    connection.info = { max_payload: 100 } as ServerInfo;
    outbox.connected(connection, 0);
    await Promise.all([large, small]);
    expect(connection.written).toEqual(['t.2 1']);
  });

  it('counts what was written without being confirmed when the connection is lost', async () => {
    const { outbox, connection, clock } = connectedOutbox();
    await outbox.publish('t.1', messageOf(1));
    await clock.advance(100);
    connection.pong();
    await settled();
    await outbox.publish('t.2', messageOf(1));
    await outbox.publish('t.3', messageOf(1));
    expect([outbox.disconnected(), outbox.disconnected(), clock.pending]).toEqual([2, 0, 0]);
  });

  it('takes no late confirmation of a lost connection for one of the next', async () => {
    const { outbox, connection, clock } = connectedOutbox();
    await outbox.publish('t.1', messageOf(1));
    await clock.advance(100);
    outbox.disconnected();
    outbox.connected(new FakeConnection(), 0);
    await outbox.publish('t.2', messageOf(1));
    connection.pong();
    await settled();
    expect(outbox.disconnected()).toBe(1);
  });

  it('is flushed when the server has everything, or is gone', async () => {
    const { outbox, connection } = connectedOutbox();
    await outbox.flushed();
    await outbox.publish('t.1', messageOf(1));
    let isFlushed = false;
    const flushed = outbox.flushed().then(() => {
      isFlushed = true;
    });
    await settled();
    expect(isFlushed).toBe(false);
    connection.pong();
    await flushed;
    await outbox.publish('t.2', messageOf(1));
    const again = outbox.flushed();
    outbox.disconnected();
    await again;
  });

  it('rejects what waits when it closes, and keeps no timer', async () => {
    const { outbox, clock } = disconnectedOutbox();
    const waiting = rejectsWith(() => outbox.publish('t.1', messageOf(1)), 'Unavailable');
    outbox.close();
    expect((await waiting).executed).toBe('no');
    await rejectsWith(() => outbox.publish('t.2', messageOf(1)), 'Unavailable');
    expect([outbox.waitingBytes, clock.pending]).toEqual([0, 0]);
  });
});

/** A connection whose pongs the test gives. */
class FakeConnection implements OutboxConnection {
  readonly written: string[] = [];
  readonly pings: (() => void)[] = [];
  hasEnded = false;
  info: ServerInfo = { max_payload: 1_024 ** 2 } as ServerInfo;

  publish(subject: string, payload?: Uint8Array | string): void {
    this.written.push(`${subject} ${payload?.length}`);
  }

  flush(): Promise<void> {
    return new Promise((resolve) => this.pings.push(resolve));
  }

  isClosed(): boolean {
    return this.hasEnded;
  }

  /** Answers the oldest ping. */
  pong(): void {
    this.pings.shift()?.();
  }
}

function connectedOutbox(limits: { maxPendingBytes?: number; maxPendingMs?: number } = {}): {
  outbox: Outbox;
  connection: FakeConnection;
  clock: FakeClock;
} {
  const { outbox, clock } = disconnectedOutbox(limits);
  const connection = new FakeConnection();
  outbox.connected(connection, 0);
  return { outbox, connection, clock };
}

function disconnectedOutbox(limits: { maxPendingBytes?: number; maxPendingMs?: number } = {}): {
  outbox: Outbox;
  clock: FakeClock;
} {
  const clock = new FakeClock();
  const all = { maxPendingBytes: 16 * 1_024 ** 2, maxPendingMs: 10_000, ...limits };
  return { outbox: new Outbox(all, clock, bare), clock };
}

/** An envelope that is the body and nothing else. */
const bare: Envelope = {
  contentType: 'application/octet-stream',
  batches: false,
  pack: (_topic, { body }) => ({ payload: body, headers: undefined, bytes: body.length }),
  unpack: ({ data }) => messageOf(data.length),
};

function messageOf(bytes: number): Message {
  const body = new Uint8Array(bytes);
  return { id: 'one', timeMs: 0, contentType: 'application/octet-stream', metadata: noMetadata, body };
}
