import { once } from 'node:events';
import { Agent, createServer, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { JsonClient } from './json-client.js';
import { systemClock } from './system-clock.js';

const agent = new Agent({ keepAlive: true });
let server: Server | undefined;

afterEach(async () => {
  agent.destroy();
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
  server = undefined;
});

async function clientOf(listener: RequestListener): Promise<JsonClient> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return clientAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function clientAt(baseUrl: string): JsonClient {
  const headers = { 'x-token': 'secret' };
  return new JsonClient({
    server: 'Oak',
    baseUrl,
    request,
    agent,
    headers,
    maxAnswerBytes: 100_000,
    clock: systemClock(),
  });
}

const get = { method: 'GET', path: '/v1/thing?a=b', timeoutMs: 5_000 } as const;

test('sends JSON with its headers and reads JSON', async () => {
  const client = await clientOf(async (asked, answer) => {
    let body = '';
    for await (const piece of asked) body += String(piece);
    answer.end(
      JSON.stringify([asked.method, asked.url, asked.headers['x-token'], asked.headers['content-type'], body]),
    );
  });
  const { value } = await client.ask({ ...get, method: 'PUT', body: { name: 'grüße' } });
  expect(value).toEqual(['PUT', '/v1/thing?a=b', 'secret', 'application/json', '{"name":"grüße"}']);
});

test.each([
  [400, 'InvalidArgument'],
  [401, 'Unauthenticated'],
  [403, 'PermissionDenied'],
  [404, 'NotFound'],
  [413, 'ResourceExhausted'],
  [429, 'Unavailable'],
  [500, 'Unavailable'],
  [503, 'Unavailable'],
])('status %i is %s, and names where, what and why, but no secret', async (status, code) => {
  const client = await clientOf((_asked, answer) => void answer.writeHead(status).end('not\ntoday'));
  const error = await client.ask(get).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, executed: 'no' });
  expect(String(error)).toMatch(
    /Oak at http:\/\/127\.0\.0\.1:\d+: GET \/v1\/thing: it answers with status \d+: not today/,
  );
  expect(String(error)).not.toContain('secret');
});

test('a redirect is not followed', async () => {
  let asked = 0;
  const client = await clientOf((_asked, answer) => {
    asked += 1;
    answer.writeHead(302, { location: 'http://127.0.0.1:1/elsewhere' }).end();
  });
  await expect(client.ask(get)).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringContaining('elsewhere'),
  });
  expect(asked).toBe(1);
});

test.each(['json', 'nothing'] as const)('a page of HTML is no answer where %s is wanted', async (wants) => {
  const client = await clientOf((_asked, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>');
  });
  await expect(client.ask({ ...get, wants })).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringContaining('text/html'),
  });
});

test('what is no JSON, or breaks off, is Unavailable', async () => {
  const client = await clientOf((asked, answer) => {
    if (asked.url === '/half') answer.writeHead(200, { 'content-length': '10' }).write('[1', () => answer.destroy());
    else answer.end('[1');
  });
  for (const path of ['/half', '/whole']) {
    await expect(client.ask({ ...get, path })).rejects.toMatchObject({ code: 'Unavailable' });
  }
});

test('an answer that is too large is given up while it comes', async () => {
  const client = await clientOf((_asked, answer) => {
    const timer = setInterval(() => answer.write('x'.repeat(60_000)), 1);
    answer.on('close', () => clearInterval(timer));
  });
  await expect(client.ask(get)).rejects.toMatchObject({ code: 'ResourceExhausted' });
});

test('a slow body is given up with its time, and an abort at once', async () => {
  const client = await clientOf((_asked, answer) => {
    const timer = setInterval(() => answer.write(' '), 5);
    answer.on('close', () => clearInterval(timer));
  });
  await expect(client.ask({ ...get, timeoutMs: 50 })).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringContaining('no answer in 50 ms'),
  });
  const abort = new AbortController();
  const asked = client.ask({ ...get, signal: abort.signal });
  abort.abort();
  await expect(asked).rejects.toMatchObject({ code: 'Canceled' });
  await expect(client.ask({ ...get, signal: abort.signal })).rejects.toMatchObject({ code: 'Canceled' });
});

test('nobody there, or a name that does not resolve, is Unavailable', async () => {
  for (const where of ['http://127.0.0.1:1', 'http://no-such-host.invalid:80']) {
    await expect(clientAt(where).ask(get)).rejects.toMatchObject({ code: 'Unavailable' });
  }
});

test('a kept connection that the server closed meanwhile is no failure', async () => {
  const sockets: { destroy(): void }[] = [];
  const client = await clientOf((asked, answer) => {
    // As a server that closes an idle connection just when the next request is under way.
    if (sockets.includes(asked.socket)) asked.socket.resetAndDestroy();
    else answer.end('1');
    sockets.push(asked.socket);
  });
  for (let time = 0; time < 3; time += 1) expect((await client.ask(get)).value).toBe(1);
  expect(new Set(sockets).size).toBeGreaterThan(1);
});
