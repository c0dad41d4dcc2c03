import { connect } from 'node:net';
import { type IncomingCall, type Reply, ServiceError } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { until } from '../../../test/wire/test-call.js';
import { ask, post, type RawReply } from './raw-peer.js';
import { type Answer, serve, type TestServer } from './test-server.js';

/** The examples of the specification (jsonrpc.org/specification, section 7), in its order. */
const examples: readonly (readonly [name: string, request: string, response: unknown])[] = [
  [
    'positional parameters',
    '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    { jsonrpc: '2.0', result: 19, id: 1 },
  ],
  [
    'positional parameters, the other way round',
    '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
    { jsonrpc: '2.0', result: -19, id: 2 },
  ],
  [
    'named parameters',
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    { jsonrpc: '2.0', result: 19, id: 3 },
  ],
  [
    'named parameters in another order',
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
    { jsonrpc: '2.0', result: 19, id: 4 },
  ],
  ['a notification', '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
  ['a notification that nobody serves', '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
  [
    'a method that does not exist',
    '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
    failed(-32_601, 'Method not found', '1'),
  ],
  [
    'invalid JSON',
    '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
    failed(-32_700, 'Parse error', null),
  ],
  ['an invalid request', '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', failed(-32_600, 'Invalid Request', null)],
  [
    'a batch of invalid JSON',
    '[\n  {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},\n  {"jsonrpc": "2.0", "method"\n]',
    failed(-32_700, 'Parse error', null),
  ],
  ['an empty array', '[]', failed(-32_600, 'Invalid Request', null)],
  ['an invalid batch that is not empty', '[1]', [failed(-32_600, 'Invalid Request', null)]],
  ['an invalid batch', '[1,2,3]', [1, 2, 3].map(() => failed(-32_600, 'Invalid Request', null))],
  [
    'a batch',
    `[
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]`,
    [
      { jsonrpc: '2.0', result: 7, id: '1' },
      { jsonrpc: '2.0', result: 19, id: '2' },
      failed(-32_600, 'Invalid Request', null),
      failed(-32_601, 'Method not found', '5'),
      { jsonrpc: '2.0', result: ['hello', 5], id: '9' },
    ],
  ],
  [
    'a batch of notifications',
    '[\n  {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},\n  {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}\n]',
    undefined,
  ],
];

describe('the examples of the specification', () => {
  test.each(examples)('%s', async (_name, request, response) => {
    await using server = await serveRpc();
    const reply = await rpc(server, request);
    if (response === undefined) expect([reply.status, reply.body]).toEqual([204, '']);
    else expect([reply.status, JSON.parse(reply.body)]).toEqual([200, response]);
  });
});

describe('an id', () => {
  test.each(['"a"', '""', '0', '-1', '1.5', '9007199254740991', 'null', '"Zoë"'])('%s is said back', async (id) => {
    await using server = await serveRpc();
    const { body } = await rpc(
      server,
      `{"jsonrpc":"2.0","method":"Greeter.Hello","params":{"name":"A"},"id":${latin(id)}}`,
    );
    expect(Buffer.from(body, 'latin1').toString()).toBe(`{"jsonrpc":"2.0","result":{"msg":"Hello A"},"id":${id}}`);
  });

  test.each(['{}', '[]', 'true', '12345678901234567890', '1e400', '{"__proto__":{"polluted":1}}', '[[[[1]]]]'])(
    '%s makes no request, and is not said back',
    async (id) => {
      await using server = await serveRpc();
      const { body } = await rpc(server, `{"jsonrpc":"2.0","method":"Greeter.Hello","id":${id}}`);
      expect(JSON.parse(body)).toEqual(failed(-32_600, 'Invalid Request', null));
      expect(server.received).toHaveLength(0);
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
    },
  );
});

describe('what is called', () => {
  test.each([
    ['by endpoint', 'Greeter.Hello', '', 'Greeter.Hello'],
    ['by service and endpoint', 'greeter/Greeter.Hello', 'greeter', 'Greeter.Hello'],
    ['by an odd name', 'a/b/../c', 'a', 'b/../c'],
  ])('%s', async (_name, method, service, endpoint) => {
    await using server = await serveRpc();
    await rpc(server, JSON.stringify({ jsonrpc: '2.0', method, id: 1 }));
    expect(server.received[0]).toMatchObject({ service, endpoint, kind: 'unary', contentType: 'application/json' });
  });

  test.each([
    ['nothing', undefined, {}],
    ['an empty array', [], {}],
    ['an object', { a: 1 }, { a: 1 }],
    ['an array of one', [{ a: 1 }], { a: 1 }],
    ['an array of one text', ['a'], 'a'],
    ['an array of more', ['a', 'b'], ['a', 'b']],
  ])('with %s as params', async (_name, params, value) => {
    await using server = await serveRpc();
    const { body } = await rpc(server, JSON.stringify({ jsonrpc: '2.0', method: 'Greeter.Echo', params, id: 1 }));
    expect(JSON.parse(body)).toMatchObject({ result: value });
  });

  test('carries metadata and a deadline from the header fields, and the reply its own', async () => {
    const answer: Answer = (call) => ({ value: call.metadata['x-a'], metadata: { 'x-b': 'Zoë' } });
    await using server = await serveRpc({ 'Greeter.Meta': answer });
    const request = '{"jsonrpc":"2.0","method":"Greeter.Meta","id":1}';
    const reply = await rpc(server, request, { 'x-a': 'one', 'tenon-timeout-ms': '5000' });
    expect(JSON.parse(reply.body)).toMatchObject({ result: 'one' });
    expect(Buffer.from(reply.headers['x-b'] ?? '', 'latin1').toString()).toBe('Zoë');
    expect(server.received[0]?.deadline).toBeLessThanOrEqual(performance.now() + 5_000);
  });
});

describe('an error', () => {
  test.each([
    ['NotFound', -32_005, 'no order 42'],
    ['Unauthenticated', -32_016, 'no order 42'],
    ['DeadlineExceeded', -32_004, 'no order 42'],
    ['InvalidArgument', -32_602, 'Invalid params: no order 42'],
    ['Internal', -32_603, 'Internal error: no order 42'],
    ['Unimplemented', -32_601, 'Method not found: no order 42'],
  ] as const)('%s has a code, and its record as data', async (code, number, message) => {
    const fail: Answer = () => {
      throw new ServiceError(code, 'no order 42', { details: { order: 42 }, executed: 'yes' });
    };
    await using server = await serveRpc({ 'Greeter.Fail': fail });
    const { body } = await rpc(server, '{"jsonrpc":"2.0","method":"Greeter.Fail","id":1}');
    expect(JSON.parse(body)).toEqual({
      jsonrpc: '2.0',
      error: { code: number, message, data: { code, message: 'no order 42', executed: 'yes', details: { order: 42 } } },
      id: 1,
    });
  });

  test('of a reply that cannot be sent', async () => {
    await using server = await serveRpc({ 'Greeter.Odd': () => ({ value: () => 1, metadata: {} }) });
    const { body } = await rpc(server, '{"jsonrpc":"2.0","method":"Greeter.Odd","id":1}');
    expect(JSON.parse(body)).toMatchObject({ error: { code: -32_603, data: { executed: 'yes' } } });
  });

  test.each(['server', 'client', 'bidi'] as const)('of a %s stream says how else to call it', async (kind) => {
    const refuse: Answer = () => {
      throw new ServiceError('Unimplemented', 'it is a stream', { executed: 'no' });
    };
    await using server = await serve({ 'Greeter.Count': refuse }, { kinds: { 'Greeter.Count': kind } });
    const { body } = await rpc(server, '{"jsonrpc":"2.0","method":"Greeter.Count","id":1}');
    const { error } = JSON.parse(body) as { error: { code: number; message: string } };
    expect(error.code).toBe(-32_601);
    expect(error.message).toContain('Greeter.Count streams, which JSON-RPC cannot carry; call it by POST');
  });

  test('of a reserved method', async () => {
    await using server = await serveRpc();
    const { body } = await rpc(server, '{"jsonrpc":"2.0","method":"rpc.discover","id":1}');
    expect(JSON.parse(body)).toEqual(failed(-32_601, 'Method not found', 1));
    expect(server.received).toHaveLength(0);
  });

  test.each([
    ['no version', '{"method":"Greeter.Hello","id":7}'],
    ['another version', '{"jsonrpc":2.0,"method":"Greeter.Hello","id":7}'],
    ['a method that is an object', '{"jsonrpc":"2.0","method":{"a":{"b":1}},"id":7}'],
    ['params that are text', '{"jsonrpc":"2.0","method":"Greeter.Hello","params":"a","id":7}'],
    ['params that are null', '{"jsonrpc":"2.0","method":"Greeter.Hello","params":null,"id":7}'],
  ])('of a request with %s keeps its id', async (_name, request) => {
    await using server = await serveRpc();
    expect(JSON.parse((await rpc(server, request)).body)).toEqual(failed(-32_600, 'Invalid Request', 7));
  });
});

describe('a batch', () => {
  test('is answered in its order, whatever ends first', async () => {
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const answers: Readonly<Record<string, Answer>> = {
      'Greeter.Slow': async () => {
        await held;
        return { value: 'slow', metadata: {} };
      },
      'Greeter.Fast': () => {
        release();
        return { value: 'fast', metadata: {} };
      },
    };
    await using server = await serveRpc(answers);
    const { body } = await rpc(
      server,
      '[{"jsonrpc":"2.0","method":"Greeter.Slow","id":1},{"jsonrpc":"2.0","method":"Greeter.Fast","id":2}]',
    );
    expect(JSON.parse(body)).toMatchObject([{ result: 'slow' }, { result: 'fast' }]);
  });

  test('of more than a hundred is refused whole', async () => {
    await using server = await serveRpc();
    for (const count of [101, 1_000_000]) {
      const reply = await rpc(server, `[${'1,'.repeat(count - 1)}1]`);
      expect(JSON.parse(reply.body)).toEqual(failed(-32_600, 'Invalid Request', null));
      expect(reply.body).toContain(`the batch has ${count} requests; the limit is 100`);
    }
    expect(server.received).toHaveLength(0);
  });

  test('whose answers are together over the limit has errors for the last ones', async () => {
    const large: Answer = () => ({ value: 'x'.repeat(400), metadata: {} });
    await using server = await serveRpc({ 'Greeter.Large': large }, { maxMessageBytes: 1_000 });
    const one = (id: number) => `{"jsonrpc":"2.0","method":"Greeter.Large","id":${id}}`;
    const { body } = await rpc(server, `[${[1, 2, 3].map(one).join(',')}]`);
    expect(JSON.parse(body)).toMatchObject([
      { id: 1, result: 'x'.repeat(400) },
      { id: 2, result: 'x'.repeat(400) },
      { id: 3, error: { code: -32_008, data: { executed: 'yes' } } },
    ]);
  });
});

describe('the HTTP request', () => {
  test.each([
    ['another method', 'GET', {}, 405],
    ['another type', 'POST', { 'content-type': 'text/plain' }, 415],
    ['the type of a form', 'POST', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['no type from a web page', 'POST', { 'content-type': undefined, origin: 'https://evil.example' }, 415],
    ['a compressed body', 'POST', { 'content-encoding': 'gzip' }, 415],
    ['a timeout that is no number', 'POST', { 'tenon-timeout-ms': 'soon' }, 400],
    ['too much metadata', 'POST', { 'x-a': 'x'.repeat(9_000) }, 431],
  ])('with %s is refused with a status, in JSON-RPC', async (_name, method, headers, status) => {
    await using server = await serveRpc();
    const reply = await rpc(server, '{}', headers, method);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body)).toEqual(failed(-32_600, 'Invalid Request', null));
    expect(server.received).toHaveLength(0);
  });

  test.each(['//rpc', '/rpc/', '/rpc/%', '/rpc%00', '/RPC', '/rpc;x', 'http://[', '/rpc/../greeter'])(
    'to %s, which is another path, is refused as any other',
    async (path) => {
      await using server = await serveRpc();
      const body = '{"jsonrpc":"2.0","method":"Greeter.Hello","id":1}';
      const text = post('/rpc', body, { 'content-type': 'application/json' }).replace('/rpc', path);
      const { status } = await ask(server.number, text);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(server.received).toHaveLength(0);
    },
  );

  test('with a query is served: it means nothing', async () => {
    await using server = await serveRpc();
    const body = '{"jsonrpc":"2.0","method":"Greeter.Hello","params":{"name":"A"},"id":1}';
    const text = post('/rpc?x=%%%', body, { 'content-type': 'application/json' });
    expect((await ask(server.number, text)).body).toContain('Hello A');
  });

  test('over the limit is 413', async () => {
    await using server = await serveRpc({}, { maxMessageBytes: 100 });
    expect((await rpc(server, ' '.repeat(101))).status).toBe(413);
  });

  test.each([
    ['no type', { 'content-type': undefined }],
    ['the type of other clients', { 'content-type': 'application/json-rpc; charset=utf-8' }],
    ['a web page that names its type', { origin: 'https://good.example' }],
  ])('with %s is served', async (_name, headers) => {
    await using server = await serveRpc();
    const { body } = await rpc(
      server,
      '{"jsonrpc":"2.0","method":"Greeter.Hello","params":{"name":"A"},"id":1}',
      headers,
    );
    expect(JSON.parse(body)).toMatchObject({ result: { msg: 'Hello A' } });
  });

  test('that is deep is refused before anything is made of it', async () => {
    await using server = await serveRpc();
    const { body } = await rpc(server, '['.repeat(1_000_000));
    expect(JSON.parse(body)).toEqual(failed(-32_700, 'Parse error', null));
  });

  test('whose keys look like a prototype changes nothing', async () => {
    await using server = await serveRpc();
    const hostile = '{"__proto__":{"jsonrpc":"2.0","method":"Greeter.Hello","polluted":1},"id":1}';
    expect(JSON.parse((await rpc(server, hostile)).body)).toEqual(failed(-32_600, 'Invalid Request', 1));
    const params = '{"jsonrpc":"2.0","method":"Greeter.Echo","params":{"__proto__":{"polluted":1},"then":{}},"id":1}';
    expect((await rpc(server, params)).body).toContain('"result":{"__proto__":{"polluted":1},"then":{}}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test('that ends before its answer cancels its calls', async () => {
    await using server = await serveRpc({ 'Greeter.Hold': (_call, cancelled) => cancelled });
    const socket = connect(server.number, '127.0.0.1');
    const one = '{"jsonrpc":"2.0","method":"Greeter.Hold","id":1}';
    socket.write(post('/rpc', `[${one},${one}]`, { 'content-type': 'application/json' }));
    await until(() => server.received.length === 2, 'the calls arrived');
    socket.destroy();
    await until(() => server.cancels.length === 2, 'the handlers were told');
  });

  test('that comes while the server drains is answered with why', async () => {
    await using server = await serveRpc();
    await server.listener.drain(new AbortController().signal);
    const { body } = await rpc(server, '{"jsonrpc":"2.0","method":"Greeter.Hello","id":1}');
    expect(JSON.parse(body)).toMatchObject({ error: { code: -32_014, data: { refusal: 'draining' } } });
  });
});

/** A message only begins as the specification has it; ours say more. */
function failed(code: number, phrase: string, id: unknown): unknown {
  const message = expect.stringMatching(new RegExp(`^${phrase}`));
  return { jsonrpc: '2.0', error: { code, message, data: expect.objectContaining({ executed: 'no' }) }, id };
}

function serveRpc(
  answers: Readonly<Record<string, Answer>> = {},
  options: { readonly maxMessageBytes?: number } = {},
): Promise<TestServer> {
  return serve({ ...served, ...answers }, options);
}

const served: Readonly<Record<string, Answer>> = {
  subtract: (call) => {
    const asked = call.decode() as
      | readonly [number, number]
      | { readonly minuend: number; readonly subtrahend: number };
    const [minuend, subtrahend] = 'minuend' in asked ? [asked.minuend, asked.subtrahend] : asked;
    return value(minuend - subtrahend);
  },
  sum: (call) => value((call.decode() as readonly number[]).reduce((sum, one) => sum + one, 0)),
  get_data: () => value(['hello', 5]),
  update: () => value(null),
  notify_hello: () => value(null),
  notify_sum: () => value(null),
  'Greeter.Echo': (call: IncomingCall) => value(call.decode()),
};

function value(result: unknown): Reply {
  return { value: result, metadata: {} };
}

function rpc(
  server: TestServer,
  body: string,
  headers: Readonly<Record<string, string | undefined>> = {},
  method = 'POST',
): Promise<RawReply> {
  const all = Object.entries({ 'content-type': 'application/json', ...headers });
  const fields = Object.fromEntries(all.filter(([, given]) => given !== undefined)) as Record<string, string>;
  return ask(server.number, post('/rpc', body, fields).replace('POST', method));
}

function latin(text: string): string {
  return Buffer.from(text).toString('latin1');
}
