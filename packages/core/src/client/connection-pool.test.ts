import { type Connection, type Node, noMetadata, ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test } from 'vitest';
import { deferred } from '../../test/deferred.js';
import { failureOf } from '../../test/failure-of.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { type ScriptedConnection, ScriptedTransport } from '../../test/scripted-transport.js';
import { CallContext, currentCall, runInContext } from '../context/index.js';
import { ConnectionPool } from './connection-pool.js';

const idleMs = 60_000;

function setUp(...transports: ScriptedTransport[]) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const transport = transports[0] ?? new ScriptedTransport();
  const pool = new ConnectionPool(transports.length === 0 ? [transport] : transports, clock, logger, idleMs);
  return { clock, logger, transport, pool };
}

function nodeOf(id: string, address = `${id}:1`): Node {
  return { id, address, metadata: noMetadata };
}

describe('dialling', () => {
  test('happens once for calls that come at the same time, and for all that follow', async () => {
    const { pool, transport } = setUp();
    const gate = deferred();
    transport.beforeDial = () => gate.promise;
    const loans = [1, 2, 3].map(() => pool.acquire(nodeOf('n1'), 'greeter'));
    gate.resolve();
    const connections = await Promise.all(loans.map(({ connection }) => connection));
    expect(new Set(connections).size).toBe(1);
    // No promise any more: a call over a connection that stands waits for nothing.
    expect(pool.acquire(nodeOf('n1'), 'greeter').connection).toBe(connections[0]);
    expect(transport.dials).toHaveLength(1);
  });

  test('happens for each node, address and service of its own', async () => {
    const { pool, transport } = setUp();
    for (const [node, service] of [
      [nodeOf('n1'), 'greeter'],
      [nodeOf('n2'), 'greeter'],
      [nodeOf('n1', 'elsewhere:1'), 'greeter'],
      [nodeOf('n1'), 'other'],
      // The same words, cut differently.
      [nodeOf('b c', 'x:1'), 'a'],
      [nodeOf('c', 'x:1'), 'a b'],
    ] as const) {
      await pool.acquire(node, service).connection;
    }
    expect(transport.dials).toHaveLength(6);
  });

  test('that fails is told to all who waited, and not kept', async () => {
    const { pool, transport, clock } = setUp();
    // A transport that does not say so: a call that has no connection has certainly not run.
    const refused = new ServiceError('Unavailable', 'refused', { executed: 'maybe' });
    transport.beforeDial = () => Promise.reject(refused);
    const loans = [pool.acquire(nodeOf('n1'), 'greeter'), pool.acquire(nodeOf('n1'), 'greeter')];
    for (const { connection } of loans) {
      expect(await failureOf(async () => connection)).toMatchObject({ code: 'Unavailable', executed: 'no' });
    }
    for (const loan of loans) pool.release(loan);
    transport.beforeDial = () => {};
    await pool.acquire(nodeOf('n1'), 'greeter').connection;
    expect(transport.dials).toHaveLength(2);
    await pool.close();
    expect([transport.closes, clock.pending]).toEqual([1, 0]);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('ECONNREFUSED'))],
    [
      'throws',
      () => {
        throw new Error('ECONNREFUSED');
      },
    ],
  ])('by a transport that %s with a plain error is Unavailable, and did not run', async (_how, beforeDial) => {
    const { pool, transport } = setUp();
    transport.beforeDial = beforeDial;
    expect(await failureOf(async () => pool.acquire(nodeOf('n1'), 'greeter').connection)).toMatchObject({
      code: 'Unavailable',
      executed: 'no',
      rawMessage: 'ECONNREFUSED',
    });
  });

  test('is by the latest transport that reaches the node', async () => {
    const all = new ScriptedTransport('all');
    const some = new ScriptedTransport('some', (node) => node.id === 'n1');
    const { pool } = setUp(all, some);
    await pool.acquire(nodeOf('n1'), 'greeter').connection;
    await pool.acquire(nodeOf('n2'), 'greeter').connection;
    expect([some.dials.map(({ id }) => id), all.dials.map(({ id }) => id)]).toEqual([['n1'], ['n2']]);
  });

  test('of a node that no transport reaches is refused, with what there is and what it offers', async () => {
    const { pool } = setUp(new ScriptedTransport('http', () => false), new ScriptedTransport('memory', () => false));
    const node = { ...nodeOf('n1'), metadata: { protocol: 'grpc' } };
    expect(await failureOf(() => pool.acquire(node, 'greeter'))).toMatchObject({
      code: 'Unavailable',
      executed: 'no',
      node: 'n1',
      rawMessage: 'no bound transport (memory, http) reaches node "n1" at n1:1, which offers grpc',
    });
  });

  test('does not happen inside of the call that was the first to need it', async () => {
    const { pool, transport, clock } = setUp();
    const seen: unknown[] = [];
    transport.beforeDial = () => void seen.push(currentCall());
    await runInContext(contextOf(clock), () => pool.acquire(nodeOf('n1'), 'greeter')).connection;
    expect(seen).toEqual([undefined]);
  });
});

describe('a node that the selector hands out again', () => {
  test('has the same connection, also where an equal one is handed out', async () => {
    const { pool, transport } = setUp();
    const node = nodeOf('n1');
    const { connection } = pool.acquire(node, 'greeter');
    expect(pool.acquire(node, 'greeter').connection).toBe(connection);
    expect(pool.acquire(nodeOf('n1'), 'greeter').connection).toBe(connection);
    expect(pool.acquire(node, 'greeter').connection).toBe(connection);
    await connection;
    expect(transport.dials).toHaveLength(1);
  });

  test('for another service has another connection: the handshake is for one', async () => {
    const { pool, transport } = setUp();
    const node = nodeOf('n1');
    const [one, other] = [await pool.acquire(node, 'a').connection, await pool.acquire(node, 'b').connection];
    expect(one).not.toBe(other);
    expect(pool.acquire(node, 'a').connection).toBe(one);
    expect(pool.acquire(node, 'b').connection).toBe(other);
    expect(transport.dials).toHaveLength(2);
  });

  test('after its connection was closed as idle is dialled anew', async () => {
    const { pool, transport, clock } = setUp();
    const node = nodeOf('n1');
    const loan = pool.acquire(node, 'greeter');
    await loan.connection;
    pool.release(loan);
    await clock.advance(2 * idleMs);
    expect(await pool.acquire(node, 'greeter').connection).toBe(transport.connections[1]);
    expect([transport.dials.length, transport.closes]).toEqual([2, 1]);
  });
});

describe('a connection that has ended', () => {
  async function used(uses: number) {
    const all = setUp();
    const node = nodeOf('n1');
    const loans = Array.from({ length: uses }, () => all.pool.acquire(node, 'greeter'));
    await Promise.all(loans.map(({ connection }) => connection));
    const first = all.transport.connections[0] as ScriptedConnection;
    return { ...all, node, loans, first };
  }

  test('is lent no more; its calls go on, and with the last of them it is closed', async () => {
    const { pool, transport, clock, node, loans, first } = await used(2);
    first.ended = true;
    const next = pool.acquire(node, 'greeter');
    expect(await next.connection).toBe(transport.connections[1]);
    expect(pool.acquire(node, 'greeter').connection).toBe(transport.connections[1]);
    for (const loan of loans) {
      expect(first.closed).toBe(false);
      pool.release(loan);
      await clock.advance(0);
    }
    expect([first.closed, transport.closes, transport.dials.length]).toEqual([true, 1, 2]);
  });

  test('is closed with its last call also where no other call comes', async () => {
    const { pool, transport, clock, loans, first } = await used(1);
    first.ended = true;
    for (const loan of loans) pool.release(loan);
    await clock.advance(0);
    expect(first.closed).toBe(true);
    await pool.close();
    expect(transport.dials).toHaveLength(1);
  });

  test('while nobody used it is closed when the next call comes, which gets another', async () => {
    const { pool, transport, node, loans, first, clock } = await used(1);
    for (const loan of loans) pool.release(loan);
    expect(first.closed).toBe(false);
    first.ended = true;
    const next = pool.acquire(node, 'greeter');
    expect(await next.connection).toBe(transport.connections[1]);
    expect(first.closed).toBe(true);
    pool.release(next);
    await clock.advance(2 * idleMs);
    expect([transport.closes, clock.pending]).toEqual([2, 0]);
  });

  test('and is still used is closed with the pool', async () => {
    const { pool, node, first, transport, clock } = await used(1);
    first.ended = true;
    await pool.acquire(node, 'greeter').connection;
    await pool.close();
    expect([first.closed, transport.connections.every(({ closed }) => closed), clock.pending]).toEqual([true, true, 0]);
  });
});

describe('an idle connection', () => {
  test('is closed after a while, and dialled anew when it is needed again', async () => {
    const { pool, transport, clock } = setUp();
    const loan = pool.acquire(nodeOf('n1'), 'greeter');
    await loan.connection;
    await clock.advance(10_000);
    pool.release(loan);
    await clock.advance(idleMs - 1);
    expect(transport.closes).toBe(0);
    await clock.advance(idleMs);
    expect(transport.closes).toBe(1);
    // With no connection left nothing is swept.
    expect(clock.pending).toBe(0);
    await pool.acquire(nodeOf('n1'), 'greeter').connection;
    expect([transport.dials.length, clock.pending]).toEqual([2, 1]);
  });

  test('is one that nobody uses: neither a long call nor frequent ones lose theirs', async () => {
    const { pool, transport, clock } = setUp();
    const long = pool.acquire(nodeOf('n1'), 'greeter');
    for (let call = 0; call < 10; call += 1) {
      const short = pool.acquire(nodeOf('n2'), 'greeter');
      await short.connection;
      pool.release(short);
      await clock.advance(idleMs / 2);
    }
    expect([transport.closes, transport.dials.length]).toEqual([0, 2]);
    pool.release(long);
    await clock.advance(2 * idleMs);
    expect(transport.closes).toBe(2);
  });

  test('that cannot be closed is logged, and harms nobody', async () => {
    const { pool, transport, clock, logger } = setUp();
    const error = new Error('stuck');
    transport.beforeClose = () => Promise.reject(error);
    const loan = pool.acquire(nodeOf('n1'), 'greeter');
    await loan.connection;
    pool.release(loan);
    await clock.advance(2 * idleMs);
    expect(logger.complaints).toEqual([
      { level: 'warn', message: 'an unused connection could not be closed', fields: { error } },
    ]);
  });
});

describe('closing', () => {
  test('closes every connection, stops the timer, and refuses further calls', async () => {
    const { pool, transport, clock } = setUp();
    for (const id of ['n1', 'n2']) await pool.acquire(nodeOf(id), 'greeter').connection;
    await pool.close();
    await pool.close();
    expect([transport.closes, clock.pending]).toEqual([2, 0]);
    expect(await failureOf(() => pool.acquire(nodeOf('n1'), 'greeter'))).toMatchObject({
      code: 'FailedPrecondition',
      executed: 'no',
    });
  });

  test('ends a dialling that is under way', async () => {
    const { pool, transport } = setUp();
    transport.beforeDial = ({ signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const failed = failureOf(async () => pool.acquire(nodeOf('n1'), 'greeter').connection);
    await pool.close();
    expect(await failed).toMatchObject({ code: 'Unavailable', executed: 'no' });
  });

  test('closes a connection that is made all the same', async () => {
    const { pool, transport } = setUp();
    const gate = deferred();
    transport.beforeDial = () => gate.promise;
    const { connection } = pool.acquire(nodeOf('n1'), 'greeter');
    const closing = pool.close();
    gate.resolve();
    await closing;
    expect([(await connection) satisfies Connection, transport.closes]).toEqual([expect.anything(), 1]);
  });

  test('goes on past a connection that cannot be closed, and says so at the end', async () => {
    const { pool, transport } = setUp();
    for (const id of ['n1', 'n2', 'n3']) await pool.acquire(nodeOf(id), 'greeter').connection;
    const error = new Error('stuck');
    transport.beforeClose = () => (transport.closes === 1 ? Promise.reject(error) : undefined);
    await expect(pool.close()).rejects.toBe(error);
    expect(transport.closes).toBe(3);
  });
});

function contextOf(clock: FakeClock): CallContext {
  const [service, endpoint, deadline] = ['greeter', 'Greeter.Hello', 1_000];
  return new CallContext({ service, endpoint, metadata: noMetadata, deadline, peer: undefined, node: 'n1', clock });
}
