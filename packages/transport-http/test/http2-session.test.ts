import { constants } from 'node:http2';
import { type Connection, noMetadata, type ServiceError } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { testTls } from '../../../test/tls/test-tls.js';
import { allOf, call, stream, TestCancellation, until } from '../../../test/wire/test-call.js';
import { rawHttp2Server } from './raw-http2.js';
import { type Answer, newCodecs, newTransport, serve, tenonNode } from './test-server.js';

const tls = testTls();
const framed = 'application/vnd.tenon.stream; type="application/json"';

test('calls of one connection share one session, and wait where it has no room', async () => {
  let open = 0;
  let most = 0;
  const slow = async () => {
    open += 1;
    most = Math.max(most, open);
    await new Promise(setImmediate);
    open -= 1;
    return { value: 1, metadata: noMetadata };
  };
  await using server = await serve({ 'Greeter.Slow': slow }, { tls, maxStreams: 5, maxConnections: 1 });
  const connection = await dial(server.number);
  await call(connection, 'Slow', 0);
  const replies = await Promise.all(Array.from({ length: 200 }, () => call(connection, 'Slow', 1)));
  expect(replies).toHaveLength(200);
  expect(most).toBeLessThanOrEqual(5);
  await connection.close();
});

test('a call that waits for room and runs out of time was never sent', async () => {
  await using server = await serve({}, { tls, maxStreams: 1 });
  const connection = await dial(server.number);
  await call(connection, 'Echo', 1);
  const held = call(connection, 'Hold', 1).catch((error: ServiceError) => error);
  await until(() => server.received.length === 2, 'the first call arrived');
  const late = call(connection, 'Echo', 2, { timeoutMs: 30 });
  await expect(late).rejects.toMatchObject({ code: 'DeadlineExceeded', executed: 'no' });
  await connection.close();
  expect(await held).toMatchObject({ code: 'Unavailable', executed: 'maybe' });
  expect(server.received).toHaveLength(2);
});

test('a stream that the peer refuses was certainly not executed, one that it resets perhaps', async () => {
  const codes = [constants.NGHTTP2_REFUSED_STREAM, constants.NGHTTP2_INTERNAL_ERROR, constants.NGHTTP2_CANCEL];
  let turn = 0;
  await using peer = await rawHttp2Server((raw) => {
    raw.close(codes[turn]);
    turn += 1;
  });
  const connection = await dial(peer.number);
  for (const [executed, refusal] of [
    ['no', 'overloaded'],
    ['maybe', undefined],
    ['maybe', undefined],
  ]) {
    const said = { code: 'Unavailable', executed, refusal, answered: false };
    await expect(call(connection, 'Hello', 1)).rejects.toMatchObject(said);
  }
  await connection.close();
});

test('a reply that is reset in its middle is an error, although its body ends', async () => {
  await using peer = await rawHttp2Server((raw) => {
    raw.respond({ ':status': 200, 'content-type': 'application/json', 'content-length': 10 });
    raw.write('1', () => raw.close(constants.NGHTTP2_INTERNAL_ERROR));
  });
  const connection = await dial(peer.number);
  await expect(call(connection, 'Hello', 1)).rejects.toMatchObject({ code: 'Unavailable', executed: 'maybe' });
  await connection.close();
});

test('a stream that ends without its end is an error', async () => {
  await using peer = await rawHttp2Server((raw) => {
    raw.respond({ ':status': 200, 'content-type': framed });
    raw.end(Buffer.from('\0\0\0\0\x011', 'latin1'));
  });
  const connection = await dial(peer.number);
  const { messages } = await stream(connection, 'Count', 'server', {});
  await expect(allOf(messages)).rejects.toMatchObject({ code: 'Unavailable', executed: 'maybe' });
  await connection.close();
});

test('GOAWAY lets calls under way end, and the next one goes over another session', async () => {
  const answers: (() => void)[] = [];
  await using peer = await rawHttp2Server((raw) => {
    answers.push(() => {
      raw.respond({ ':status': 200, 'content-type': 'application/json' });
      raw.end('"ok"');
    });
  });
  const connection = await dial(peer.number);
  const first = call(connection, 'Hello', 1);
  await until(() => answers.length === 1, 'the first call arrived');
  peer.sessions[0]?.goaway(constants.NGHTTP2_NO_ERROR, 1);
  await new Promise((resolve) => setImmediate(resolve));
  const second = callUntilSent(connection);
  await until(() => answers.length === 2, 'the second call arrived');
  for (const answer of answers) answer();
  expect([(await first).value, (await second).value]).toEqual(['ok', 'ok']);
  expect(peer.sessions).toHaveLength(2);
  await connection.close();
});

test('a call that GOAWAY says was not begun was certainly not executed', async () => {
  let calls = 0;
  await using peer = await rawHttp2Server((raw) => {
    calls += 1;
    if (calls === 2) raw.session?.goaway(constants.NGHTTP2_NO_ERROR, 1);
  });
  const connection = await dial(peer.number);
  const first = call(connection, 'Hello', 1).catch((error: ServiceError) => error);
  const second = call(connection, 'Hello', 2);
  const said = { code: 'Unavailable', executed: 'no', refusal: 'draining', answered: false };
  await expect(second).rejects.toMatchObject(said);
  await connection.close();
  expect(await first).toMatchObject({ code: 'Unavailable', executed: 'maybe' });
});

test('a server that drains under load loses no call', async () => {
  await using server = await serve(
    { 'Greeter.Slow': () => new Promise((resolve) => setTimeout(resolve, 5, { value: 1, metadata: {} })) },
    { tls },
  );
  const connections = await Promise.all(Array.from({ length: 5 }, () => dial(server.number)));
  let answered = 0;
  const refused: ServiceError[] = [];
  const client = async (connection: Connection): Promise<void> => {
    while (refused.length < 200) {
      await call(connection, 'Slow', 1).then(
        () => {
          answered += 1;
        },
        (error: ServiceError) => refused.push(error),
      );
    }
  };
  const clients = [...connections, ...connections, ...connections].map(client);
  await until(() => answered > 100, 'the server was busy');
  await server.listener.drain(new AbortController().signal);
  await server.port.drain();
  await Promise.all(clients);
  expect(server.received).toHaveLength(answered);
  expect(new Set(refused.map(({ code, executed }) => `${code} ${executed}`))).toEqual(new Set(['Unavailable no']));
  for (const connection of connections) await connection.close();
});

function dial(number: number, options: Parameters<typeof newTransport>[0] = {}): Promise<Connection> {
  return newTransport(options, systemClock(), newCodecs(), tls).dial(tenonNode(number), { service: 'greeter' });
}

/** A call that was not sent is sent again, as a client does it. */
async function callUntilSent(connection: Connection): ReturnType<Connection['unary']> {
  for (;;) {
    try {
      return await call(connection, 'Hello', 2);
    } catch (thrown) {
      if ((thrown as ServiceError).executed !== 'no') throw thrown;
    }
  }
}

test('calls that run out of time again and again do not cost their connection, nor the others on it', async () => {
  let finish: (() => void) | undefined;
  const steady: Answer = () =>
    new Promise((resolve) => {
      finish = () => resolve({ value: 'done', metadata: noMetadata });
    });
  const slow: Answer = () =>
    new Promise((resolve) => setTimeout(() => resolve({ value: 1, metadata: noMetadata }), 40));
  await using server = await serve({ 'Greeter.Steady': steady, 'Greeter.Slow': slow }, { tls });
  const connection = await dial(server.number);
  const steadily = call(connection, 'Steady', 1);
  await until(() => finish !== undefined, 'the steady call arrived');
  // A server cuts a peer off that resets more than 500 within a second or two.
  for (let round = 0; round < 12; round += 1) {
    const late = await Promise.allSettled(
      Array.from({ length: 60 }, () => call(connection, 'Slow', 1, { timeoutMs: 15 })),
    );
    expect(new Set(late.map((one) => (one as PromiseRejectedResult).reason.code))).toEqual(
      new Set(['DeadlineExceeded']),
    );
  }
  finish?.();
  expect((await steadily).value).toBe('done');
  expect((await call(connection, 'Echo', 7)).value).toBe(7);
  await connection.close();
});

test('however many callers leave, the server hears it of each, over further sessions, and calls under way go on', async () => {
  let finish: (() => void) | undefined;
  const steady: Answer = () =>
    new Promise((resolve) => {
      finish = () => resolve({ value: 'done', metadata: noMetadata });
    });
  await using server = await serve({ 'Greeter.Steady': steady }, { tls });
  const connection = await dial(server.number);
  const steadily = call(connection, 'Steady', 1);
  await until(() => finish !== undefined, 'the steady call arrived');
  for (let round = 1; round <= 5; round += 1) {
    // A session lives for a second at least before another one takes its place.
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    const leaving = Array.from({ length: 80 }, () => new TestCancellation());
    const left = Promise.allSettled(
      leaving.map((cancellation) => call(connection, 'Hold', 1, { cancellation, timeoutMs: 60_000 })),
    );
    await until(() => server.received.length === 1 + 80 * round, 'all calls arrived');
    for (const cancellation of leaving) cancellation.cancel();
    await left;
    await until(() => server.cancels.length === 80 * round, 'the server heard of each');
  }
  finish?.();
  expect((await steadily).value).toBe('done');
  await connection.close();
});
