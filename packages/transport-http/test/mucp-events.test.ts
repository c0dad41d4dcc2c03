import { type CallHandler, type Message, ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { until } from '../../../test/wire/test-call.js';
import { HeaderFields } from '../src/header-fields.js';
import { ask, conversation, parseReplies } from './raw-peer.js';
import { serve } from './test-server.js';

const event = (fields = '', body = '{"name":"Ada"}'): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nMicro-Topic: user.created\r\nMicro-Id: an-id\r\n` +
  `Foo: Zo\xc3\xab\r\nTraceparent: 00-1-2-01\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;

test('an event is delivered with what go-micro says of it, and answered with nothing', async () => {
  const delivered: (readonly [topic: string, message: Message])[] = [];
  await using server = await serve({}, { deliver: async (...given) => void delivered.push(given) });
  const [first, second] = parseReplies(await conversation(server.number, event() + event('Connection: close\r\n')));
  for (const reply of [first, second]) {
    expect([reply?.status, reply?.body, reply?.headers['micro-error']]).toEqual([200, '', undefined]);
  }
  expect(delivered).toHaveLength(2);
  const [topic, message] = delivered[0] ?? [];
  expect(topic).toBe('user.created');
  expect(message).toMatchObject({ id: 'an-id', contentType: 'application/json', traceparent: '00-1-2-01' });
  expect({ ...message?.metadata }).toEqual({ foo: 'Zoë' });
  expect(Buffer.from(message?.body ?? []).toString()).toBe('{"name":"Ada"}');
  expect(server.received).toHaveLength(0);
});

test.each([
  ['a handler that fails', event(), new ServiceError('NotFound', 'nobody subscribes'), 404],
  ['a handler that fails oddly', event(), new Error('password=1'), 500],
  ['a topic that is none', event().replace('user.created', '../../etc'), undefined, 400],
  ['too much metadata', event(`X-A: ${'x'.repeat(9_000)}\r\n`), undefined, 429],
  ['too large a body', event('', 'x'.repeat(2_000)), undefined, 429],
])('%s is told to the sender', async (_name, request, thrown, code) => {
  const deliver: CallHandler['deliver'] = () => (thrown === undefined ? Promise.resolve() : Promise.reject(thrown));
  await using server = await serve({}, { deliver, maxMessageBytes: 1_000 });
  const reply = await ask(server.number, request.replace('Host', 'Connection: close\r\nHost'));
  expect(JSON.parse(reply.headers['micro-error'] ?? '')).toMatchObject({ code });
  expect(JSON.stringify(reply)).not.toContain('password');
});

test('a drain waits for an event that is being handled, and refuses the next', async () => {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let handling = false;
  const deliver: CallHandler['deliver'] = () => {
    handling = true;
    return held;
  };
  await using server = await serve({}, { deliver });
  const first = conversation(server.number, event());
  await until(() => handling, 'the event arrived');
  let drained = false;
  const draining = server.listener.drain(new AbortController().signal).then(() => {
    drained = true;
  });
  const second = await ask(server.number, event('Connection: close\r\n'));
  expect(JSON.parse(second.headers['micro-error'] ?? '')).toMatchObject({ code: 503 });
  expect(drained).toBe(false);
  release();
  await draining;
  expect(parseReplies(await first)[0]?.status).toBe(200);
});

test.each([
  [
    '{"method":"Greeter.Hello","params":[{"name":"z"}],"id":77}',
    '{"id":"77","result":{"msg":"Hello z"},"error":null}\n',
  ],
  [
    '{"method":"Greeter.Hello","params":[{"name":"z"}],"id":"a"}',
    '{"id":"a","result":{"msg":"Hello z"},"error":null}\n',
  ],
])('a request that says in its body alone what it calls is answered: %s', async (body, expected) => {
  await using server = await serve();
  for (const type of ['application/json', 'application/json-rpc']) {
    const head = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: ${type}\r\n`;
    const reply = await ask(server.number, `${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    expect([reply.headers['content-type'], reply.body]).toEqual([type, expected]);
  }
  expect(server.received[0]).toMatchObject({ service: '', endpoint: 'Greeter.Hello' });
});

test("a failed one has go-micro's text in its envelope too", async () => {
  await using server = await serve();
  const body = '{"method":"Greeter.Nope","params":[],"id":1}';
  const head =
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json-rpc\r\nMicro-Target: greeter\r\n';
  const reply = await ask(server.number, `${head}Content-Length: ${body.length}\r\n\r\n${body}`);
  const { id, result, error } = JSON.parse(reply.body) as { id: string; result: unknown; error: string };
  expect([id, result, JSON.parse(error)]).toMatchObject(['1', null, { code: 501 }]);
  expect(reply.headers['micro-error']).toBe(error);
});

test.each([['{}'], ['[1]'], ['{"method":"Greeter.Hello","params":{"a":1}}'], ['{']])(
  'what is sent to / and is no envelope gets the answer that says how to ask: %s',
  async (body) => {
    await using server = await serve();
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n';
    const reply = await ask(server.number, `${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    expect(reply.status).toBe(404);
    expect(reply.body).toContain('call an endpoint with POST /service/Endpoint');
  },
);

test('fields that route are known in any case, and others are not', () => {
  const fields = HeaderFields.ofRaw(['MICRO-TOPIC', 'a', 'X-Micro-Target', 'b']);
  expect([fields.micro('topic'), fields.micro('target'), fields.micro('stream')]).toEqual(['a', 'b', undefined]);
});
