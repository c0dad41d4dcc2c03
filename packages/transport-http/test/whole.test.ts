import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { noMetadata } from '@tenon/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../../../test/wire/test-call.js';
import { parseReplies, post, textOf } from './raw-peer.js';
import { serve } from './test-server.js';

// Plain unary calls come without Node's HTTP; everything else over the same connections comes through it.

let throughNode = 0;
const count = (): void => {
  throughNode += 1;
};
const sockets: Socket[] = [];

beforeEach(() => {
  throughNode = 0;
  subscribe('http.server.request.start', count);
});

afterEach(() => {
  unsubscribe('http.server.request.start', count);
  for (const socket of sockets.splice(0)) socket.destroy();
});

const hello = '/greeter/Greeter.Hello';
const kept = { connection: 'keep-alive' };

test('unary calls, their errors and their refusals are answered without it', async () => {
  await using server = await serve();
  const socket = connectTo(server.number);
  const ada = '{"name":"Ada"}';
  for (const [path, body, headers, status] of [
    [hello, ada, {}, 200],
    [hello, '{', {}, 400],
    [hello, ada, { 'content-type': 'application/xml' }, 415],
    ['/greeter/Greeter.Nope', '{}', { 'content-type': 'application/json', accept: 'application/json' }, 501],
    ['/greeter', '{}', {}, 404],
    [hello, ada, { 'tenon-timeout-ms': '5000' }, 200],
  ] as const) {
    socket.write(post(path, body, { ...kept, ...headers }));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(parseReplies(answer.toString('latin1'))[0]?.status, path).toBe(status);
  }
  expect(throughNode).toBe(0);
});

test('each call has its own time left, though the rest of its head was read before', async () => {
  await using server = await serve();
  const socket = connectTo(server.number);
  const before = performance.now();
  for (const left of ['5000', '7000.5', 'soon', '9000']) {
    socket.write(post(hello, '{"name":"Ada"}', { ...kept, 'tenon-timeout-ms': left, 'x-tenant': 'a' }));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(parseReplies(answer.toString('latin1'))[0]?.status).toBe(left === 'soon' ? 400 : 200);
  }
  const spent = performance.now() - before;
  const left = server.received.map(({ deadline }) => deadline - before);
  for (const [index, promised] of [5_000, 7_000.5, 9_000].entries()) {
    expect(left[index]).toBeGreaterThanOrEqual(promised);
    expect(left[index]).toBeLessThanOrEqual(promised + spent);
  }
  expect(server.received.map(({ metadata }) => ({ ...metadata }))).toEqual(Array(3).fill({ 'x-tenant': 'a' }));
  expect(throughNode).toBe(0);
});

test('a connection that other calls were made on has its own metadata and endpoint with each', async () => {
  await using server = await serve();
  const socket = connectTo(server.number);
  for (const [endpoint, tenant] of [
    ['Hello', 'a'],
    ['Echo', 'a'],
    ['Echo', 'b'],
    ['Hello', 'b'],
    ['Hello', 'b'],
  ]) {
    socket.write(post(`/greeter/Greeter.${endpoint}`, '{"name":"Ada"}', { ...kept, 'x-tenant': tenant ?? '' }));
    await once(socket, 'data');
  }
  expect(server.received.map((call) => [call.endpoint, call.metadata['x-tenant']])).toEqual([
    ['Greeter.Hello', 'a'],
    ['Greeter.Echo', 'a'],
    ['Greeter.Echo', 'b'],
    ['Greeter.Hello', 'b'],
    ['Greeter.Hello', 'b'],
  ]);
});

test.each([
  ['a server stream', '/greeter/Greeter.Count', { accept: 'application/x-ndjson' }],
  ["go-micro's mucp", '/', { 'micro-service': 'greeter', 'micro-endpoint': 'Greeter.Hello' }],
])(
  '%s between two unary calls on one connection comes through it, and so does what follows',
  async (_what, path, headers) => {
    const count = async function* () {
      yield 1;
      yield 2;
    };
    const answers = { 'Greeter.Count': () => ({ value: undefined, messages: count(), metadata: noMetadata }) };
    await using server = await serve(answers, { kinds: { 'Greeter.Count': 'server' } });
    const socket = connectTo(server.number);
    const json = { 'content-type': 'application/json' };
    socket.write(post(hello, '{"name":"Ada"}', { ...kept, ...json }));
    await once(socket, 'data');
    expect(throughNode).toBe(0);
    socket.write(post(path, '{"name":"Ada"}', { ...kept, ...json, ...headers }));
    await once(socket, 'data');
    const rest = textOf(socket);
    socket.write(post(hello, '{"name":"Eve"}', json));
    expect(await rest).toMatch(/\{"msg":"Hello Eve"\}$/);
    expect(throughNode).toBe(2);
    expect(server.received).toHaveLength(3);
  },
);

test('a unary endpoint that answers with a stream is an error that says the handler ran', async () => {
  let returned = 0;
  const messages = async function* () {
    try {
      yield 1;
    } finally {
      returned += 1;
    }
  };
  await using server = await serve({
    'Greeter.Odd': async () => {
      const stream = messages();
      await stream.next();
      return { value: undefined, messages: stream, metadata: noMetadata };
    },
  });
  const socket = connectTo(server.number);
  const reply = textOf(socket);
  socket.write(post('/greeter/Greeter.Odd', '{}'));
  const [answer] = parseReplies(await reply);
  expect([answer?.status, JSON.parse(answer?.body ?? '')]).toMatchObject([500, { code: 'Internal', executed: 'yes' }]);
  expect(returned).toBe(1);
});

test('a caller that hangs up cancels its call once, and one that was answered is not cancelled', async () => {
  await using server = await serve();
  const answered = connectTo(server.number);
  answered.write(post(hello, '{"name":"Ada"}', kept));
  await once(answered, 'data');
  answered.destroy();
  const socket = connectTo(server.number);
  socket.write(post('/greeter/Greeter.Hold', '{}', kept));
  await until(() => server.received.length === 2, 'the call arrived');
  socket.destroy();
  await until(() => server.cancels.length === 1, 'it was cancelled');
  expect(server.cancels[0]).toMatchObject({ code: 'Canceled' });
  await server.listener.close();
  expect(server.cancels).toHaveLength(1);
  expect(throughNode).toBe(0);
});

test('closing the listener answers the call under way, cancels it, and ends its connection', async () => {
  await using server = await serve();
  const socket = connectTo(server.number);
  const reply = textOf(socket);
  socket.write(post('/greeter/Greeter.Hold', '{}', kept));
  await until(() => server.received.length === 1, 'the call arrived');
  await server.listener.close();
  const [answer] = parseReplies(await reply);
  expect([answer?.status, answer?.headers['connection']]).toEqual([503, 'close']);
  expect(server.cancels).toMatchObject([{ code: 'Unavailable' }]);
  expect(throughNode).toBe(0);
});

function connectTo(number: number): Socket {
  const socket = connect(number, '127.0.0.1');
  sockets.push(socket);
  return socket;
}
