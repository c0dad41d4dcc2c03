import { connect } from 'node:http2';
import {
  type AppOptions,
  callContext,
  createApp,
  HttpResource,
  httpTransport,
  type InterceptedCall,
  Interceptor,
  Logger,
  memoryTransport,
  type Next,
  provide,
  ServiceError,
  tcpTransport,
} from 'tenon';
import { describe, expect, test } from 'vitest';
import { type OpenApiDocument, openApi } from '../src/index.js';
import { RunningShop } from './running-shop.js';
import { Orders } from './shop.js';

/** Refuses everything without the token, in one of the places where an interceptor may stand. */
const guard = (place: 'early' | 'server', seen: InterceptedCall[] = []) =>
  provide(Interceptor, [], () => ({
    name: 'guard',
    places: [place],
    async intercept(call: InterceptedCall, next: Next) {
      seen.push(call);
      expect(callContext().endpoint).toBe(call.endpoint);
      if (call.metadata['authorization'] === 'Bearer secret') return next(call);
      throw new ServiceError('Unauthenticated', 'a token is wanted');
    },
  }));

describe('what is served', () => {
  test('the document, with every endpoint of the node and none of the framework', async () => {
    await using shop = await RunningShop.started();
    const reply = await shop.get('/openapi.json');
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/json']);
    const document = (await reply.json()) as OpenApiDocument;
    expect(document.info).toEqual({ title: 'orders', version: '2.1.0' });
    expect(document.tags).toEqual([{ name: 'orders', description: 'Takes orders.\n\nVersion 2.1.0.' }]);
    expect(Object.keys(document.paths)).toEqual(
      ['Count', 'Double', 'Ping', 'Place', 'Sort', 'Sum'].map((name) => `/orders/Orders.${name}`),
    );
    expect(document.components.schemas['PlaceOrder']).toMatchObject({
      properties: {
        customer: { type: 'string', format: 'email' },
        lines: { type: 'array', minItems: 1, items: { $ref: '#/components/schemas/Line' } },
        by: { enum: ['post', 'courier', null] },
        due: { type: ['string', 'null'], format: 'date-time' },
      },
      required: ['customer', 'lines'],
    });
    expect(document.components.schemas['Category']).toMatchObject({
      properties: { within: { items: { $ref: '#/components/schemas/Category' } } },
    });
  });

  test('the page and its parts, under a policy that runs nothing else', async () => {
    await using shop = await RunningShop.started();
    const page = await shop.get('/docs?query=1');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("connect-src 'self';");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await page.text();
    expect(html).toContain('<body data-document="openapi.json">');
    expect(html).not.toMatch(/https?:|<script(?![^>]*\bsrc=)|\bon\w+=|\bstyle=|\{\w+\}/);
    const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
    expect(parts).toEqual(['docs/page.css', 'docs/page.js']);
    const types: (string | null)[] = [];
    for (const path of [...parts, 'docs/elements.js', 'docs/schema-text.js', 'docs/sending.js']) {
      const part = await shop.get(`/${path}`);
      const text = await part.text();
      expect([part.status, text]).toEqual([
        200,
        expect.not.stringMatching(/innerHTML|outerHTML|insertAdjacentHTML|eval\(/),
      ]);
      types.push(part.headers.get('content-type'));
    }
    expect(new Set(types)).toEqual(new Set(['text/css; charset=utf-8', 'text/javascript; charset=utf-8']));
  });

  test('to HEAD the head alone; other methods are for endpoints', async () => {
    await using shop = await RunningShop.started();
    const head = await shop.get('/openapi.json', { method: 'HEAD' });
    expect([head.status, Number(head.headers.get('content-length')) > 1_000, await head.text()]).toEqual([
      200,
      true,
      '',
    ]);
    expect((await shop.get('/openapi.json', { method: 'POST', body: '{}' })).status).toBe(404);
    expect((await shop.get('/docs/none.js')).status).toBe(405);
  });

  test('calls go on as without it', async () => {
    await using shop = await RunningShop.started();
    const body = JSON.stringify({ customer: 'ada@example.com', lines: [{ sku: 'tea', quantity: 2 }] });
    const headers = { 'content-type': 'application/json' };
    const reply = await shop.get('/orders/Orders.Place', { method: 'POST', body, headers });
    expect(await reply.json()).toEqual({ orderId: 'o-1', pieces: 2 });
  });

  test('elsewhere, without a page, or not at all', async () => {
    await using moved = await RunningShop.started({}, { documentPath: '/api/v1.json', pagePath: '/about/api' });
    expect(await (await moved.get('/about/api')).text()).toMatch(
      /src="api\/page\.js"[\s\S]*data-document="\.\.\/api\/v1\.json"/,
    );
    expect([(await moved.get('/about/api/page.js')).status, (await moved.get('/openapi.json')).status]).toEqual([
      200, 404,
    ]);
    await using bare = await RunningShop.started({}, { pagePath: false });
    expect([(await bare.get('/openapi.json')).status, (await bare.get('/docs')).status]).toEqual([200, 404]);
  });

  test('off unless it is bound', async () => {
    const app = await createApp({
      services: [Orders],
      profile: 'test',
      log: { level: 'silent' },
      modules: [httpTransport()],
    });
    await app.start();
    const reply = await fetch(`http://${app.address?.listen}/openapi.json`, { headers: { connection: 'close' } });
    expect(reply.status).toBe(404);
    await app.close();
  });

  test('servers of other origins may be called from the page, and no others', async () => {
    const servers = ['https://api.example.com/v1', '/', 'https://api.example.com/v2'];
    await using shop = await RunningShop.started({}, { servers });
    const policy = (await shop.get('/docs')).headers.get('content-security-policy');
    expect(policy).toContain("connect-src 'self' https://api.example.com;");
  });
});

describe('who may fetch it', () => {
  test.each(['early', 'server'] as const)('whoever an %s interceptor lets through, as for calls', async (place) => {
    const seen: InterceptedCall[] = [];
    await using shop = await RunningShop.started({ modules: [guard(place, seen)] });
    for (const path of ['/openapi.json', '/docs', '/docs/page.js']) {
      const refused = await shop.get(path);
      expect([refused.status, await refused.json()]).toEqual([
        401,
        expect.objectContaining({ code: 'Unauthenticated', message: 'a token is wanted' }),
      ]);
      expect((await shop.get(path, { headers: { authorization: 'Bearer secret' } })).status).toBe(200);
    }
    expect(seen[0]).toMatchObject({ service: 'openapi', endpoint: 'GET /openapi.json', kind: 'unary' });
    expect(seen[0]?.peer).toMatchObject({ transport: 'http', address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
  });

  test('what an interceptor answers in its place is not sent as if it were a page', async () => {
    const usurper = provide(Interceptor, [], () => ({
      name: 'usurper',
      places: ['server' as const],
      intercept: async (_call: InterceptedCall, _next: Next) => ({
        value: { status: 200, body: 'secret' },
        metadata: {},
      }),
    }));
    await using shop = await RunningShop.started({ modules: [usurper] });
    const reply = await shop.get('/openapi.json');
    expect([reply.status, await reply.json()]).toEqual([500, expect.objectContaining({ code: 'Internal' })]);
  });

  test('more header fields than a call may have are refused as of a call', async () => {
    await using shop = await RunningShop.started();
    const headers = Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`x-${index}`, 'a']));
    expect((await shop.get('/openapi.json', { headers })).status).toBe(429);
  });
});

describe('resources in general', () => {
  const resource = (name: string, paths: readonly string[], answer: HttpResource['answer'] = () => text('hello')) =>
    provide(HttpResource, [], (): HttpResource => ({ name, paths, answer }));
  const text = (body: string) => ({ status: 200, fields: { 'content-type': 'text/plain' }, body });
  const appWith = (options: AppOptions) =>
    createApp({ services: [Orders], profile: 'test', log: { level: 'silent' }, ...options });

  test('any may be bound, and fail as a call does', async () => {
    const failing = resource('failing', ['/gone', '/broken', '/wrong'], (path) => {
      if (path === '/wrong') return { status: 200, fields: { 'x-a': 'a\nb' }, body: '' };
      throw path === '/gone' ? new ServiceError('NotFound', 'it is gone') : new Error('secret');
    });
    await using shop = await RunningShop.started({ modules: [resource('hello', ['/hello']), failing] });
    expect(await (await shop.get('/hello')).text()).toBe('hello');
    const gone = await shop.get('/gone');
    expect([gone.status, await gone.json()]).toEqual([404, expect.objectContaining({ message: 'it is gone' })]);
    for (const path of ['/broken', '/wrong']) {
      const broken = await shop.get(path);
      expect([broken.status, await broken.text()]).toEqual([500, expect.not.stringContaining('secret')]);
    }
    expect((await shop.get('/hello')).status).toBe(200);
  });

  test.each([
    ['/openapi.json', 'the resources openapi and other both have the path /openapi.json'],
    ['/health/live', 'the resources health and other both have the path /health/live'],
    ['hello', 'the resource other has the path "hello"; a path begins with a slash'],
    ['/a?b', 'the resource other has the path "/a?b"'],
  ])('the path %s is refused before anything starts', async (path, said) => {
    await expect(appWith({ modules: [openApi(), resource('other', [path])] })).rejects.toThrow(said);
  });

  test('a later one of the same name takes the place of the first', async () => {
    await using shop = await RunningShop.started({ modules: [resource('openapi', ['/mine'])] });
    expect([(await shop.get('/mine')).status, (await shop.get('/openapi.json')).status]).toEqual([200, 404]);
  });

  test('while the app drains they are refused as calls are', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = resource('slow', ['/slow'], async () => {
      await held;
      return text('in the end');
    });
    await using shop = await RunningShop.started({ modules: [slow] });
    const waiting = shop.get('/slow');
    const live = await shop.get('/health/live');
    expect(live.status).toBe(200);
    const draining = shop.app.drain();
    const refused = await shop.get('/slow');
    expect([refused.status, await refused.json()]).toEqual([503, expect.objectContaining({ refusal: 'draining' })]);
    release();
    expect(await (await waiting).text()).toBe('in the end');
    await draining;
  });

  test('one whose peer leaves feels it', async () => {
    let tellLeft: (() => void) | undefined;
    const left = new Promise<void>((resolve) => (tellLeft = resolve));
    let tellArrived: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => (tellArrived = resolve));
    const endless = resource('endless', ['/endless'], async () => {
      callContext().signal.addEventListener('abort', () => tellLeft?.());
      tellArrived?.();
      await left;
      return text('');
    });
    await using shop = await RunningShop.started({ modules: [endless] });
    const leaving = new AbortController();
    const asked = shop.get('/endless', { signal: leaving.signal }).catch(() => undefined);
    await arrived;
    leaving.abort();
    await asked;
    await left;
  });
});

test('over HTTP/2 the same', async () => {
  await using shop = await RunningShop.started();
  const session = connect(shop.url);
  const body = await new Promise<string>((resolve, reject) => {
    const stream = session.request({ ':path': '/openapi.json' });
    let received = '';
    stream.on('data', (chunk: Buffer) => (received += chunk.toString())).on('error', reject);
    stream.on('end', () => resolve(received)).end();
  });
  session.close();
  expect(JSON.parse(body)).toEqual(await (await shop.get('/openapi.json')).json());
});

test('where no HTTP is spoken that is said at start, once', async () => {
  const lines: string[] = [];
  const line = (sentence: string): void => void lines.push(sentence);
  const logger = provide(Logger, [], () => {
    const made: Logger = { debug: () => {}, info: () => {}, warn: line, error: line, child: () => made };
    return made;
  });
  const app = await createApp({
    services: [Orders],
    profile: 'test',
    modules: [logger, memoryTransport(), tcpTransport(), openApi()],
  });
  expect(app.getAll(HttpResource).map(({ name }) => name)).toEqual(['openapi']);
  await app.start();
  await app.close();
  expect(lines.filter((one) => one.includes('OpenAPI'))).toEqual([
    'the OpenAPI document tells of calls over HTTP, which no transport here answers: add httpTransport() to modules',
  ]);
});
