import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import type { HttpClaim, WholeRequest } from '@tenon/contract';
import { expect, test } from 'vitest';
import { connectTo, drip, get, listenTo, openPort, serverTls, textOf, until } from './port-under-test.js';
import { answering, asked, bodyOf, claimOf, latin1, opened, post, text } from './whole-claim.js';

test('plain requests come whole, and are answered with their length, the date, and what becomes of the connection', async () => {
  const { port, seen } = await opened((request) => request.answer(200, ['x-a', '\u00e9'], 'b\u00e9'));
  const socket = await connectTo(port);
  socket.write(latin1(post('/1', 'one', 'X-Left: 5', 'X-B: 2')));
  const [first] = (await once(socket, 'data')) as [Buffer];
  expect(first.toString('latin1')).toMatch(
    /^HTTP\/1\.1 200 OK\r\nx-a: \u00e9\r\ncontent-length: 2\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=65\r\n\r\nb\u00e9$/,
  );
  expect(seen.whole[0]).toMatchObject({ varying: '5', head: { path: '/1', fields: ['host', 'a', 'x-b', '2'] } });
  expect(text(seen.whole[0])).toBe('one');
  const reply = textOf(socket);
  socket.write(latin1(post('/2', 'two', 'Connection: close')));
  expect(await reply).toMatch(/\r\nConnection: close\r\n\r\nb\u00e9$/);
  await until(() => seen.ends === 2, 'both had ended');
  expect(seen.others).toEqual([]);
});

test('a request with the head of the one before comes with the same object, and what the claimant kept there', async () => {
  const { port, seen } = await opened((request) => {
    const before = request.head.understood;
    request.head.understood = request.varying;
    request.answer(200, [], String(before));
  });
  const socket = await connectTo(port);
  for (const [left, before] of [
    [1, undefined],
    [2, 1],
    [3, 2],
  ]) {
    socket.write(post('/', `body ${left}`, `X-Left: ${left}`));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(new RegExp(`\r\n\r\n${before}$`));
  }
  expect(new Set(seen.whole.map(({ head }) => head)).size).toBe(1);
  expect(seen.whole.map(text)).toEqual(['body 1', 'body 2', 'body 3']);
});

test('a body of bytes leaves as it is', async () => {
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
  const { port } = await opened((request) => request.answer(200, [], bytes));
  const reply = await asked(port, post('/', '', 'Connection: close'));
  expect(Buffer.from(bodyOf(reply), 'latin1').equals(bytes)).toBe(true);
});

test.each([
  ['a request in chunks', 'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n'],
  ['another method', get('/x', 'X: 1')],
  ['one that the claim declines', post('/declined', 'body')],
])('%s goes to the other way of its claim, with all that follows on its connection', async (_what, bytes) => {
  const { port, seen } = await opened(answering);
  const socket = await connectTo(port);
  const heard = listenTo(socket);
  socket.write(post('/1', 'one'));
  await until(() => heard.text.endsWith('whole /1'), 'the first was answered');
  socket.write(bytes);
  await until(() => seen.others.length === 1, 'the second had come');
  socket.write(post('/3', 'three', 'Connection: close'));
  await until(() => heard.ended, 'the connection ended');
  expect(seen.others).toHaveLength(2);
  expect(seen.others[1]).toBe('/3:three');
  expect(heard.text).toMatch(/other \/3:three$/);
});

test('a request in pieces, cut anywhere, is served once, on a fresh connection and on a used one', async () => {
  const { port, seen } = await opened(answering);
  const bytes = post('/2', 'body', 'Connection: close');
  for (let cut = 1; cut < bytes.length; cut += 3) {
    for (const used of [false, true]) {
      const socket = await connectTo(port);
      const heard = listenTo(socket);
      if (used) {
        socket.write(post('/1', ''));
        await until(() => heard.text.endsWith('whole /1'), 'the first was answered');
      }
      await drip(socket, bytes.slice(0, 1));
      socket.write(bytes.slice(1, cut));
      await new Promise((resolve) => setImmediate(resolve));
      socket.write(bytes.slice(cut));
      await until(() => heard.ended, `all of it came, cut at ${cut}`);
      expect(heard.text).toMatch(/(whole \/2|other \/2:body)$/);
    }
  }
  expect(seen.whole.filter(({ head }) => head.path === '/2').length + seen.others.length).toBe(
    2 * Math.ceil((bytes.length - 1) / 3),
  );
});

test('pipelined requests are answered in order, however they are cut', async () => {
  const held: WholeRequest[] = [];
  const { port } = await opened((request) => {
    held.push(request);
    return true;
  });
  const socket = await connectTo(port);
  const heard = listenTo(socket);
  socket.write(post('/1', 'one'));
  await until(() => held.length === 1, 'the first was under way');
  socket.write(post('/2', 'two') + post('/3', 'three'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write(post('/4', 'four', 'Connection: close'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([held.length, heard.text]).toEqual([1, '']);
  held[0]?.answer(200, [], 'whole /1');
  await until(() => heard.ended, 'all were answered');
  expect(heard.text.split(/HTTP\/1\.1 200 OK[\s\S]*?\r\n\r\n/)).toEqual([
    '',
    'whole /1',
    'other /2:two',
    'other /3:three',
    'other /4:four',
  ]);
});

test('a request that came early is served next, and outside of the one before', async () => {
  const storage = new AsyncLocalStorage<string>();
  const scopes: (string | undefined)[] = [];
  const { port } = await opened((request) => {
    scopes.push(storage.getStore());
    storage.run(request.head.path, () => setTimeout(() => request.answer(200, [], request.head.path), 20));
    return true;
  });
  const socket = await connectTo(port);
  const heard = listenTo(socket);
  for (const path of ['/1', '/2', '/3']) {
    await until(() => scopes.length === Number(path[1]) - 1, 'the one before had come');
    socket.write(post(path, ''));
    if (path === '/1') await until(() => scopes.length === 1, 'the first had come');
  }
  await until(() => heard.text.endsWith('/3'), 'all were answered');
  expect(scopes).toEqual([undefined, undefined, undefined]);
});

test('more pipelined requests than the limit cut the connection, behind a whole one too', async () => {
  const { port, seen } = await opened(answering, { maxPipelined: 3 });
  const socket = await connectTo(port);
  const heard = listenTo(socket);
  socket.write(post('/1', ''));
  await until(() => heard.text.endsWith('whole /1'), 'the first was answered');
  socket.write(post('/late', '').repeat(4));
  await until(() => heard.ended, 'the connection was cut');
  expect(seen.others.length).toBeLessThan(4);
  expect(heard.text).not.toContain('other');
});

test.each([
  ['a head', 'POST / HTTP/1.1\r\nX: ', 408],
  ['a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n', 408],
  ['no HTTP', 'hello\r\n\r\n', 400],
  ['a request with two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
  ['too many lines', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n${'X: 1\r\n'.repeat(99)}\r\n`, 431],
  ['too large a head', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
])(
  '%s without an end, or against the rules, is refused on a used connection as on any',
  async (_what, bytes, status) => {
    const { port } = await opened(answering, { headersTimeoutMs: 150, requestTimeoutMs: 250 });
    const socket = await connectTo(port);
    const heard = listenTo(socket);
    socket.write(post('/1', ''));
    await until(() => heard.text.endsWith('whole /1'), 'the first was answered');
    socket.write(bytes);
    const dripping = setInterval(() => status === 408 && socket.write('x'), 20);
    await until(() => heard.ended, 'the connection was closed');
    clearInterval(dripping);
    expect(heard.text.split('whole /1')[1]).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  },
);

test('a body over the limit does not come whole', async () => {
  const { port, seen } = await opened(answering, { maxMessageBytes: 10 });
  expect(bodyOf(await asked(port, post('/', 'x'.repeat(10), 'Connection: close')))).toBe('whole /');
  expect(bodyOf(await asked(port, post('/', 'x'.repeat(11), 'Connection: close')))).toBe(`other /:${'x'.repeat(11)}`);
  expect(seen.whole).toHaveLength(1);
});

test('a second answer is dropped, also while the next request is under way', async () => {
  const { port, seen } = await opened(() => true);
  const socket = await connectTo(port);
  const heard = listenTo(socket);
  socket.write(post('/1', ''));
  await until(() => seen.whole.length === 1, 'the first came');
  seen.whole[0]?.answer(200, [], 'first');
  seen.whole[0]?.answer(200, [], 'first again');
  await until(() => heard.text.endsWith('first'), 'it was answered');
  socket.write(post('/2', ''));
  await until(() => seen.whole.length === 2, 'the second came');
  seen.whole[0]?.answer(200, [], 'first once more');
  seen.whole[1]?.answer(200, [], 'second');
  await until(() => heard.text.endsWith('second'), 'it was answered too');
  expect(heard.text).not.toContain('again');
  expect(heard.text).not.toContain('more');
});

test.each([
  ['a name with a line break', ['x-a: b\r\nx-b', '1']],
  ['a value with a line break', ['x-a', '1\r\nx-b: 2']],
  ['a value with a line feed', ['x-a', '1\nx-b: 2', 'x-c', '3']],
  ['a value with a NUL', ['x-a', '\u0000']],
  ['a value with half a character of two bytes', ['x-a', '\u0100']],
  ['no name', ['', 'a']],
])('%s in an answer sends nothing, and another answer may follow', async (_what, fields) => {
  const { port } = await opened((request) => {
    expect(() => request.answer(200, fields, '')).toThrow(TypeError);
    request.answer(500, [], 'instead');
  });
  expect(await asked(port, post('/', '', 'Connection: close'))).toMatch(
    /^HTTP\/1\.1 500 Internal Server Error\r\ncontent-length: 7[\s\S]*\r\n\r\ninstead$/,
  );
});

test('a claim that throws costs its own request alone, and its text stays here', async () => {
  const { port } = await opened((request) => {
    if (request.head.path === '/bad') throw new Error('secret=1');
    request.answer(200, [], 'good');
  });
  const socket = await connectTo(port);
  const heard = listenTo(socket);
  socket.write(post('/bad', ''));
  await until(() => heard.text.includes('"code":"Internal"'), 'it was answered');
  expect(heard.text).toMatch(/^HTTP\/1\.1 500 /);
  expect(heard.text).not.toContain('secret');
  expect(port.logger.lines.map(({ message }) => message)).toContain('a claim of the port threw');
  socket.write(post('/', ''));
  await until(() => heard.text.endsWith('good'), 'the next one was answered');
});

test('a claimant may end the connection with its answer', async () => {
  const { port } = await opened((request) => {
    request.closeAfterwards();
    request.answer(200, [], 'bye');
  });
  expect(await asked(port, post('/', ''))).toMatch(/\r\nConnection: close\r\n\r\nbye$/);
});

test('only the first claim of a port gets requests whole', async () => {
  const { claim, seen } = claimOf(answering);
  const picky: HttpClaim = {
    name: 'picky',
    accepts: ({ url }) => url === '/picky',
    handle: (_, reply) => reply.end('picky'),
  };
  const port = await openPort([{ http: picky }, { http: claim }]);
  expect(bodyOf(await asked(port, post('/picky', '', 'Connection: close')))).toMatch(/picky/);
  expect(bodyOf(await asked(port, post('/', '', 'Connection: close')))).toMatch(/other/);
  expect(seen.whole).toEqual([]);
});

test('under TLS every request comes the other way', async () => {
  const { claim, seen } = claimOf(answering);
  const port = await openPort([{ http: claim }], {}, serverTls());
  const socket = await connectTo(port, 'http/1.1');
  socket.write(post('/', 'a', 'Connection: close'));
  expect(bodyOf(await textOf(socket))).toBe('other /:a');
  expect(seen.whole).toEqual([]);
});
