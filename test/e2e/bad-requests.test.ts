import { expect, test } from 'vitest';
import { atDesk, nested } from './desk.js';
import { ask, errorIn, post } from './raw-http.js';

// What no handler should ever see: each is refused with a typed error that says what, where and what to do instead.

const msgpack = { 'content-type': 'application/msgpack' };

test('a service that is not served here', () =>
  atDesk(async ({ port, caller, app }) => {
    const reply = await post(port, '/ghost/Ghost.Boo', '{}');
    expect(reply.status).toBe(501);
    expect(errorIn(reply)).toMatchObject({
      code: 'Unimplemented',
      executed: 'no',
      message: 'service "ghost" is not served here',
      service: 'ghost',
      endpoint: 'Ghost.Boo',
    });
    await expect(caller.call('ghost', 'Ghost.Boo')).rejects.toMatchObject({
      code: 'Unavailable',
      executed: 'no',
      rawMessage: 'no node of "ghost": no node of it is registered',
      service: 'ghost',
      endpoint: 'Ghost.Boo',
    });
    await expect(caller.call('ghost', 'Ghost.Boo', {}, { address: app.address?.listen })).rejects.toMatchObject({
      code: 'Unimplemented',
      executed: 'no',
      rawMessage: expect.stringContaining('"ghost"'),
    });
  }));

test('an endpoint that the service does not have', () =>
  atDesk(async ({ port, caller }) => {
    for (const endpoint of ['Desk.Nothing', 'desk.greet', 'Desk.greet', 'Greet', 'constructor', '__proto__']) {
      const reply = await post(port, `/desk/${endpoint}`, '{"name":"Ada"}');
      expect(reply.status, endpoint).toBe(501);
      expect(errorIn(reply), endpoint).toMatchObject({
        code: 'Unimplemented',
        executed: 'no',
        message: expect.stringMatching(
          new RegExp(
            `^there is no endpoint "${endpoint.replaceAll('.', '\\.')}" in service "desk"; there are Desk\\.Greet, `,
          ),
        ),
      });
    }
    await expect(caller.call('desk', 'Desk.Nothing')).rejects.toMatchObject({
      code: 'Unimplemented',
      executed: 'no',
      rawMessage: expect.stringMatching(
        /^there is no endpoint "Desk\.Nothing" in service "desk"; there are Desk\.Greet, /,
      ),
      node: expect.stringMatching(/^desk-/),
    });
  }));

test('a name that is too long to repeat is cut, and answered all the same', () =>
  atDesk(async ({ port }) => {
    const reply = await post(port, `/desk/${'x'.repeat(200)}`, '{}');
    expect(errorIn(reply)).toMatchObject({ code: 'Unimplemented', executed: 'no' });
    expect(errorIn(reply)['message']).toContain(`${'x'.repeat(100)}…`);
    expect(errorIn(reply)['message']).not.toContain('x'.repeat(101));
  }));

test('a path or a method that calls nothing says how to call', () =>
  atDesk(async ({ port }) => {
    const nowhere = await post(port, '/', '{}');
    expect([nowhere.status, errorIn(nowhere)]).toMatchObject([
      404,
      { code: 'NotFound', executed: 'no', message: expect.stringContaining('POST /service/Endpoint') },
    ]);
    const got = await ask(port, 'GET /desk/Desk.Greet HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect([got.status, got.headers['allow'], errorIn(got)]).toMatchObject([
      405,
      'POST',
      { code: 'Unimplemented', executed: 'no', message: expect.stringContaining('use POST /desk/Desk.Greet') },
    ]);
    const queried = await post(port, '/desk/Desk.Greet?name=Ada', '{}');
    expect([queried.status, errorIn(queried)]).toMatchObject([400, { code: 'InvalidArgument', executed: 'no' }]);
  }));

test('a content type that no codec is bound for, and the error is readable JSON', () =>
  atDesk(async ({ port, desk, client }) => {
    for (const contentType of ['text/xml', 'application/x-www-form-urlencoded', 'nonsense', '']) {
      const reply = await post(port, '/desk/Desk.Greet', '<name>Ada</name>', { 'content-type': contentType });
      expect([reply.status, reply.headers['content-type']], contentType).toEqual([415, 'application/json']);
      expect(errorIn(reply), contentType).toMatchObject({
        code: 'InvalidArgument',
        executed: 'no',
        message: expect.stringMatching(/content type .*; bound are .*application\/json/),
      });
    }
    await expect(client.greet({ name: 'Ada' }, { contentType: 'text/xml' })).rejects.toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
      rawMessage: expect.stringMatching(/no codec is bound for content type "text\/xml"; bound are .*json/),
    });
    expect(desk.received).toEqual([]);
  }));

test('a body that is not what its content type says', () =>
  atDesk(async ({ port, desk }) => {
    const bytes = Buffer.from([0x81, 0xa4, 0x6e, 0x61, 0x6d, 0x65, 0xa3, 0x41, 0x64, 0x61]);
    const packed = await post(port, '/desk/Desk.Greet', bytes);
    expect(errorIn(packed)).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    const json = await post(port, '/desk/Desk.Greet', '{"name":"Ada"}', msgpack);
    expect(errorIn(json)).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    const zipped = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const encoded = await post(port, '/desk/Desk.Greet', '{"name":"Ada"}', zipped);
    expect([encoded.status, errorIn(encoded)]).toMatchObject([
      415,
      { code: 'InvalidArgument', executed: 'no', message: expect.stringContaining('"gzip"') },
    ]);
    expect(desk.received).toEqual([]);
  }));

test('malformed JSON is refused with its place, and none of it is repeated', () =>
  atDesk(async ({ port, desk }) => {
    const bodies = [
      '{"name":',
      '{"name":"hush" "x"}',
      '[1] hush',
      "{'name':'hush'}",
      '{"name":"hush",}',
      'hush',
      '\ufeff{}',
    ];
    for (const body of bodies) {
      const reply = await post(port, '/desk/Desk.Echo', body);
      expect([reply.status, errorIn(reply)], body).toMatchObject([
        400,
        {
          code: 'InvalidArgument',
          executed: 'no',
          message: expect.stringMatching(/JSON at byte \d+ of \d+/),
          service: 'desk',
          endpoint: 'Desk.Echo',
        },
      ]);
      expect(reply.body.toString(), body).not.toContain('hush');
    }
    const latin1 = await post(port, '/desk/Desk.Echo', Buffer.from('"\xe9"', 'latin1'));
    expect(errorIn(latin1)).toMatchObject({ code: 'InvalidArgument', message: expect.stringContaining('UTF-8') });
    expect(desk.received).toEqual([]);
  }));

test('malformed msgpack is refused, whatever it claims', () =>
  atDesk(async ({ port, desk }) => {
    const bodies: readonly (readonly [what: string, bytes: readonly number[]])[] = [
      ['nothing', []],
      ['a type that does not exist', [0xc1]],
      ['a text that is cut off', [0xa5, 0x41]],
      ['bytes behind the value', [0x01, 0x02]],
      ['an array of 4 thousand million', [0xdd, 0xff, 0xff, 0xff, 0xff]],
      ['a map of 4 thousand million', [0xdf, 0xff, 0xff, 0xff, 0xff]],
      ['a text of 4 thousand million', [0xdb, 0xff, 0xff, 0xff, 0xff, 0x41]],
      ['a structure of msgpackr', [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01]],
    ];
    for (const [what, bytes] of bodies) {
      const reply = await post(port, '/desk/Desk.Echo', Buffer.from(bytes), msgpack);
      expect([reply.status, errorIn(reply)], what).toMatchObject([
        400,
        {
          code: 'InvalidArgument',
          executed: 'no',
          message: expect.stringMatching(/^(malformed|refused) MessagePack: .+ at byte \d+$/),
          service: 'desk',
          endpoint: 'Desk.Echo',
        },
      ]);
    }
    expect(desk.received).toEqual([]);
  }));

test('nesting of 64 is served and of 65 refused, by both codecs, on the wire and before it', () =>
  atDesk(async ({ port, desk, client }) => {
    const json = (depth: number): Buffer => Buffer.from('['.repeat(depth) + ']'.repeat(depth));
    const packed = (depth: number): Buffer => Buffer.from([...new Array(depth - 1).fill(0x91), 0x90]);
    const forms = [
      { contentType: 'application/json', bytes: json },
      { contentType: 'application/msgpack', bytes: packed },
    ];
    for (const { contentType, bytes } of forms) {
      const send = (depth: number) => post(port, '/desk/Desk.Echo', bytes(depth), { 'content-type': contentType });
      expect((await send(64)).status, contentType).toBe(200);
      expect(await client.echo(nested(64), { contentType }), contentType).toEqual(nested(64));
      desk.received.length = 0;
      for (const depth of [65, 100_000]) {
        const reply = await send(depth);
        expect([reply.status, errorIn(reply)], `${contentType} ${depth}`).toMatchObject([
          400,
          {
            code: 'InvalidArgument',
            executed: 'no',
            message: expect.stringMatching(/more than 64( deep)? at byte \d+/),
          },
        ]);
      }
      await expect(client.echo(nested(65), { contentType }), contentType).rejects.toMatchObject({
        code: 'InvalidArgument',
        executed: 'no',
        rawMessage: expect.stringMatching(/more than 64 deep/),
      });
      expect(desk.received, contentType).toEqual([]);
    }
  }));

test('a body of 4 MiB is read, and one byte more is refused, announced or not', () =>
  atDesk(async ({ port, desk, client }) => {
    const limit = 4 * 1_024 * 1_024;
    const body = (bytes: number): string => `"${'x'.repeat(bytes - 2)}"`;
    expect((await post(port, '/desk/Desk.Echo', body(limit))).status).toBe(200);
    desk.received.length = 0;
    const refused = { code: 'ResourceExhausted', executed: 'no', message: expect.stringContaining(String(limit)) };
    const announced = await post(port, '/desk/Desk.Echo', body(limit + 1));
    expect([announced.status, errorIn(announced)]).toMatchObject([413, refused]);
    const head = 'POST /desk/Desk.Echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunk = `${(limit + 1).toString(16)}\r\n${body(limit + 1)}\r\n0\r\n\r\n`;
    const unannounced = await ask(port, head + chunk);
    expect([unannounced.status, errorIn(unannounced)]).toMatchObject([413, refused]);
    await expect(client.echo('x'.repeat(limit))).rejects.toMatchObject({
      code: 'ResourceExhausted',
      executed: 'no',
      rawMessage: expect.stringContaining(String(limit)),
    });
    expect(desk.received).toEqual([]);
  }));

test('go-micro callers get the same refusals in Micro-Error, with status 200', () =>
  atDesk(async ({ port, desk }) => {
    const mucp = (service: string, endpoint: string, body: string, contentType = 'application/json') =>
      post(port, '/', body, { 'content-type': contentType, 'micro-service': service, 'micro-endpoint': endpoint });
    const refusals = [
      { reply: await mucp('ghost', 'Ghost.Boo', '{}'), code: 501, detail: /"ghost"/ },
      { reply: await mucp('desk', 'Desk.Nothing', '{}'), code: 501, detail: /"Desk.Nothing"/ },
      { reply: await mucp('desk', 'Desk.Echo', '{"a":'), code: 400, detail: /malformed JSON at byte/ },
      { reply: await mucp('desk', 'Desk.Echo', '['.repeat(65)), code: 400, detail: /more than 64 deep/ },
      { reply: await mucp('desk', 'Desk.Greet', '{"name":7}'), code: 400, detail: /name/ },
    ];
    for (const { reply, code, detail } of refusals) {
      const error = JSON.parse(reply.headers['micro-error'] ?? '{}') as { code?: number; detail?: string };
      expect([reply.status, error.code, error.detail]).toEqual([200, code, expect.stringMatching(detail)]);
    }
    const xml = await mucp('desk', 'Desk.Greet', '<name/>', 'text/xml');
    expect([xml.status, xml.body.toString()]).toEqual([200, 'unsupported Content-Type: text/xml']);
    expect(desk.received).toEqual([]);
  }));
