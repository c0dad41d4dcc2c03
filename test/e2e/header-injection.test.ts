import { expect, test } from 'vitest';
import { atDesk, Noted } from './desk.js';
import { ask, errorIn, post } from './raw-http.js';

// CR, LF and NUL would split a header on the wire, so nothing that holds them gets onto it, from whichever side.

const splitters = [
  'a\r\nx-evil: 1',
  'a\nx-evil: 1',
  'a\rx-evil: 1',
  'a\0b',
  '\r\n\r\nGET / HTTP/1.1',
  'a\x7fb',
  'a\x1bb',
];

test.each(splitters)('metadata value %j is refused before it leaves, and named', (value) =>
  atDesk(async ({ client, desk }) => {
    await expect(client.greet({ name: 'Ada' }, { metadata: { 'x-mine': value } })).rejects.toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
      rawMessage: expect.stringContaining('"x-mine"'),
    });
    expect(desk.received).toEqual([]);
  }),
);

test.each(['x\r\nx-evil', 'x\n', 'x:y', 'x y', '', 'x\0', 'ü'])(
  'metadata key %j is refused before it leaves, and named',
  (key) =>
    atDesk(async ({ client, desk }) => {
      await expect(client.greet({ name: 'Ada' }, { metadata: { [key]: '1' } })).rejects.toMatchObject({
        code: 'InvalidArgument',
        executed: 'no',
        rawMessage: expect.stringContaining(JSON.stringify(key)),
      });
      expect(desk.received).toEqual([]);
    }),
);

test('a handler cannot put such a value into its reply: its caller sees an error, and no header more', () =>
  atDesk(async ({ port, client }) => {
    for (const value of splitters) {
      const reply = await post(port, '/desk/Desk.Stamp', JSON.stringify({ key: 'x-mine', value }));
      expect(reply.headers, JSON.stringify(value)).not.toHaveProperty('x-evil');
      expect([reply.status, errorIn(reply)], JSON.stringify(value)).toMatchObject([
        400,
        { code: 'InvalidArgument', executed: 'yes', message: expect.stringContaining('"x-mine"') },
      ]);
    }
    await expect(client.stamp({ key: 'x\r\nx-evil', value: '1' })).rejects.toMatchObject({
      code: 'InvalidArgument',
      executed: 'yes',
    });
  }));

test.each(['set-cookie\r\nx-evil', 'content-length', 'transfer-encoding', 'connection', 'micro-error'])(
  'a handler cannot name its reply metadata %j, which belongs to HTTP',
  (key) =>
    atDesk(async ({ port, logged }) => {
      const reply = await post(port, '/desk/Desk.Stamp', JSON.stringify({ key, value: '1' }));
      expect(reply.headers).not.toHaveProperty('x-evil');
      expect(reply.headers['content-length']).toBe(String(reply.body.length));
      expect(errorIn(reply)).toMatchObject({
        executed: 'yes',
        code: expect.stringMatching(/InvalidArgument|Internal/),
      });
      // Where the caller is told nothing, the log says what was wrong.
      if (errorIn(reply)['code'] === 'Internal') expect(logged.join('\n')).toContain(key);
    }),
);

test('the text of an error splits no header, in either form of HTTP', () =>
  atDesk(async ({ port }) => {
    const plain = await post(port, '/desk/Desk.Fail', '{"how":"typed"}');
    expect([plain.status, plain.headers['x-evil']]).toEqual([409, undefined]);
    expect(errorIn(plain)).toMatchObject({ code: 'AlreadyExists', message: 'taken\r\nx-evil: 1' });
    const headers = { 'content-type': 'application/json', 'micro-service': 'desk', 'micro-endpoint': 'Desk.Fail' };
    const mucp = await post(port, '/', '{"how":"typed"}', headers);
    expect([mucp.status, mucp.headers['x-evil']]).toEqual([200, undefined]);
    expect(JSON.parse(mucp.headers['micro-error'] ?? '')).toMatchObject({ code: 409, detail: 'taken\r\nx-evil: 1' });
  }));

test('names and content types that a caller chooses split nothing either', () =>
  atDesk(async ({ app, caller, client, desk }) => {
    const address = app.address?.listen;
    const calls = [
      caller.call('desk\r\nx-evil: 1', 'Desk.Greet', {}, { address }),
      caller.call('desk', 'Desk.Greet HTTP/1.1\r\nx-evil: 1', {}, { address }),
      caller.call('../desk', 'Desk.Greet', {}, { address }),
      client.greet({ name: 'Ada' }, { contentType: 'application/json\r\nx-evil: 1' }),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    expect(desk.received).toEqual([]);
  }));

test('an event takes no such metadata', () =>
  atDesk(async ({ caller }) => {
    for (const value of splitters) {
      await expect(
        caller.publisher(Noted).publish({ text: 'x' }, { metadata: { 'x-mine': value } }),
      ).rejects.toMatchObject({
        code: 'InvalidArgument',
        executed: 'no',
        rawMessage: expect.stringContaining('"x-mine"'),
      });
    }
  }));

test.each([
  ['a bare CR in a value', 'x-mine: a\rb'],
  ['a NUL in a value', 'x-mine: a\0b'],
  ['a folded line', 'x-mine: a\r\n b'],
  ['white space before the colon', 'x-mine : a'],
  ['two lengths', 'content-length: 2\r\ncontent-length: 30'],
  ['a length and chunks', 'transfer-encoding: chunked\r\ncontent-length: 30'],
  ['a length that is no number', 'content-length: +2'],
])('a request with %s is refused as a whole: nobody can read it in another way than we do', (_what, lines) =>
  atDesk(async ({ port, desk }) => {
    const smuggled = 'POST /desk/Desk.Echo HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n';
    const head = `POST /desk/Desk.Echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${lines}\r\n\r\n`;
    const reply = await ask(port, `${head}{}${smuggled}`);
    expect(reply.status).toBe(400);
    expect(errorIn(reply)).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    expect(desk.received).toEqual([]);
  }),
);
