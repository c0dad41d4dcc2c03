import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { gzipSync } from 'node:zlib';
import type { Connection } from '@tenon/contract';
import { afterEach, describe, expect, test } from 'vitest';
import { allOf, call, stream, TestCancellation, until } from '../../../test/wire/test-call.js';
import { answerWith, framed, rawServer } from './raw-http2.js';
import { newTransport, tenonNode } from './test-server.js';

type Script = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
let opened: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
  opened = [];
});

/** A connection to a server that follows a script for `Greeter.Bad` and behaves for everything else. */
async function facing(script: Script, options: Parameters<typeof newTransport>[0] = {}): Promise<Connection> {
  const server = await rawServer((asked, headers) => {
    asked.resume();
    if (headers[':path']?.endsWith('/Bad')) script(asked, headers);
    else answerWith(asked, framed('"well"'), { 'grpc-status': '0' });
  });
  const transport = newTransport({ contentType: 'application/json', ...options });
  const connection = await transport.dial(tenonNode(server.number), { service: 'greeter' });
  opened.push(
    () => connection.close(),
    async () => server[Symbol.asyncDispose](),
  );
  return connection;
}

const typed = { ':status': 200, 'content-type': 'application/grpc+json' };

describe('a call fails, and no other, where the answer', () => {
  test.each<readonly [string, Script, Record<string, unknown>]>([
    [
      'is a status alone',
      (asked) => asked.respond({ ...typed, 'grpc-status': '5', 'grpc-message': 'no %E2%98%BA' }, { endStream: true }),
      { code: 'NotFound', rawMessage: 'no ☺', executed: 'maybe', answered: true },
    ],
    [
      'says that all went well, and has no message',
      (asked) => asked.respond({ ...typed, 'grpc-status': '0' }, { endStream: true }),
      { code: 'Internal', executed: 'yes' },
    ],
    [
      'has two messages',
      (asked) => answerWith(asked, Buffer.concat([framed('1'), framed('2')]), { 'grpc-status': '0' }),
      { code: 'Internal', executed: 'yes' },
    ],
    [
      'has no status',
      (asked) => answerWith(asked, framed('1'), { 'x-other': '1' }),
      { code: 'Unknown', executed: 'maybe' },
    ],
    [
      'ends without trailers',
      (asked) => {
        asked.respond(typed);
        asked.end(framed('1'));
      },
      { code: 'Internal', executed: 'maybe', answered: false },
    ],
    [
      'has a status that there is not',
      (asked) => answerWith(asked, framed('1'), { 'grpc-status': '99' }),
      { code: 'Unknown', executed: 'maybe' },
    ],
    [
      'is a page of a proxy',
      (asked) => {
        asked.respond({ ':status': 503, 'content-type': 'text/html' });
        asked.end('<html>');
      },
      { code: 'Unavailable', executed: 'maybe', rawMessage: expect.stringMatching(/503.*text\/html/) },
    ],
    [
      'says that nobody is at that path',
      (asked) => asked.respond({ ':status': 404 }, { endStream: true }),
      { code: 'Unimplemented', executed: 'no' },
    ],
    [
      'is in a form that nobody reads',
      (asked) => {
        asked.respond({ ...typed, 'content-type': 'application/grpc+xml' });
        asked.end(framed('<x/>'));
      },
      { code: 'Internal', executed: 'yes' },
    ],
    [
      'is compressed as nobody asked',
      (asked) => {
        asked.respond({ ...typed, 'grpc-encoding': 'br' });
        asked.end(framed('x', 1));
      },
      { code: 'Unimplemented' },
    ],
    [
      'claims more than may be sent',
      (asked) => answerWith(asked, Buffer.from([0, 255, 255, 255, 255]), { 'grpc-status': '0' }),
      { code: 'ResourceExhausted', executed: 'yes' },
    ],
    [
      'inflates to more than may be sent',
      (asked) => {
        asked.respond({ ...typed, 'grpc-encoding': 'gzip' }, { waitForTrailers: true });
        asked.on('wantTrailers', () => asked.sendTrailers({ 'grpc-status': '0' }));
        asked.end(framed(gzipSync(Buffer.alloc(200_000)), 1));
      },
      { code: 'ResourceExhausted', executed: 'yes' },
    ],
    [
      'begins with a byte that is reserved',
      (asked) => answerWith(asked, framed('1', 7), { 'grpc-status': '0' }),
      { code: 'Internal', executed: 'yes' },
    ],
    [
      'ends in the middle of a message',
      (asked) => answerWith(asked, framed('"long"').subarray(0, 7), { 'grpc-status': '0' }),
      { code: 'Internal', executed: 'yes' },
    ],
    [
      'cannot be decoded',
      (asked) => answerWith(asked, framed('{'), { 'grpc-status': '0' }),
      { code: 'Internal', executed: 'yes' },
    ],
    [
      'has bytes in its metadata that are not base64',
      (asked) => {
        asked.respond({ ...typed, 'x-bin': '***' }, { waitForTrailers: true });
        asked.on('wantTrailers', () => asked.sendTrailers({ 'grpc-status': '0' }));
        asked.end(framed('1'));
      },
      { code: 'Internal', executed: 'yes' },
    ],
    [
      'is a reset before anything was done',
      (asked) => asked.close(constants.NGHTTP2_REFUSED_STREAM),
      { code: 'Unavailable', executed: 'no', refusal: 'overloaded' },
    ],
    [
      'is a reset',
      (asked) => asked.close(constants.NGHTTP2_INTERNAL_ERROR),
      { code: 'Unavailable', executed: 'maybe', answered: false },
    ],
    [
      'asks for calm',
      (asked) => asked.close(constants.NGHTTP2_ENHANCE_YOUR_CALM),
      { code: 'ResourceExhausted', executed: 'maybe' },
    ],
  ])('%s', async (_what, script, expected) => {
    const connection = await facing(script, { maxMessageBytes: 100_000 });
    await expect(call(connection, 'Bad', 1)).rejects.toMatchObject(expected);
    expect((await call(connection, 'Good', 1)).value).toBe('well');
  });
});

test('of a stream, what stood before the failure arrives', async () => {
  const connection = await facing((asked) => {
    answerWith(asked, Buffer.concat([framed('1'), framed('2')]), { 'grpc-status': '9', 'grpc-message': 'enough' });
  });
  const { messages } = await stream(connection, 'Bad', 'server', 1);
  const seen: unknown[] = [];
  const failure = await (async () => {
    for await (const n of messages ?? []) seen.push(n);
  })().catch((error: unknown) => error);
  expect(seen).toEqual([1, 2]);
  expect(failure).toMatchObject({ code: 'FailedPrecondition', rawMessage: 'enough', service: 'greeter' });
});

test.each([
  ['cancels the call', () => new Promise<never>(() => {})],
  ['fails', () => Promise.reject(new Error('mishap'))],
])('requests whose caller %s in their middle never look as if they had ended', async (_what, rest) => {
  const heard: string[] = [];
  const connection = await facing((asked) => {
    for (const event of ['end', 'aborted']) asked.on(event, () => heard.push(event));
  });
  const cancellation = new TestCancellation();
  const requests = async function* () {
    yield 1;
    await rest();
  };
  const failed = stream(connection, 'Bad', 'client', undefined, { messages: requests(), cancellation }).catch(
    (error: unknown) => error,
  );
  await call(connection, 'Good', 1);
  cancellation.cancel();
  expect(await failed).toMatchObject({ code: 'Canceled', executed: 'maybe' });
  await until(() => heard.includes('aborted'), 'the server was told');
  expect(heard[0]).toBe('aborted');
});

test('no metadata of a caller can become a header field of its own, or one of gRPC', async () => {
  const heads: IncomingHttpHeaders[] = [];
  const connection = await facing((asked, headers) => {
    heads.push(headers);
    answerWith(asked, framed('1'), { 'grpc-status': '0' });
  });
  for (const metadata of [
    { a: 'b\r\ngrpc-timeout: 1n' },
    { 'a\nb': 'c' },
    { 'grpc-timeout': '1n' },
    { te: 'x' },
    { ':path': '/x' },
  ]) {
    await expect(call(connection, 'Bad', 1, { metadata })).rejects.toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
    });
  }
  expect(heads).toEqual([]);
  await call(connection, 'Bad', 1, { metadata: { 'x-a': 'é\u2028' } });
  for (const value of Object.values(heads[0] ?? {})) expect(String(value)).toMatch(/^[\x20-\x7e]*$/);
});

test('calls that a GOAWAY does not name were not served, and are known to be repeatable', async () => {
  let seen = 0;
  const connection = await facing(({ session }) => {
    seen += 1;
    if (seen < 3) return;
    session?.goaway(constants.NGHTTP2_NO_ERROR, 1);
    setTimeout(() => session?.destroy(), 50);
  });
  const outcomes = await Promise.allSettled(Array.from({ length: 3 }, () => call(connection, 'Bad', 1)));
  const errors = outcomes.map(
    (outcome) => (outcome as PromiseRejectedResult).reason as { code: string; executed: string },
  );
  expect(errors.map(({ code }) => code)).toEqual(['Unavailable', 'Unavailable', 'Unavailable']);
  expect(errors.map(({ executed }) => executed)).toEqual(['maybe', 'no', 'no']);
  expect((await call(connection, 'Good', 1)).value).toBe('well');
});

test('a server that allows few streams at a time gets no more, and all calls are answered', async () => {
  let most = 0;
  let open = 0;
  const server = await rawServer(
    (asked) => {
      open += 1;
      most = Math.max(most, open);
      asked.resume();
      asked.on('close', () => {
        open -= 1;
      });
      setTimeout(() => answerWith(asked, framed('1'), { 'grpc-status': '0' }), 2);
    },
    { maxConcurrentStreams: 3 },
  );
  const connection = await newTransport({ contentType: 'application/json' }).dial(tenonNode(server.number), {
    service: 'greeter',
  });
  opened.push(
    () => connection.close(),
    async () => server[Symbol.asyncDispose](),
  );
  await call(connection, 'First', 1);
  const replies = await Promise.all(Array.from({ length: 50 }, () => call(connection, 'Any', 1)));
  expect(replies.every(({ value }) => value === 1)).toBe(true);
  expect(most).toBeLessThanOrEqual(3);
});

test('10,000 small messages in one piece are read while the reader waits', async () => {
  const connection = await facing((asked) => {
    answerWith(asked, Buffer.concat(Array.from({ length: 10_000 }, () => framed('1'))), { 'grpc-status': '0' });
  });
  const { messages } = await stream(connection, 'Bad', 'server', 1);
  expect(await allOf(messages)).toHaveLength(10_000);
});
