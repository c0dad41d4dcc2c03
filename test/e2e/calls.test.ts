import { jsonCodec } from '@tenon/codec-json';
import {
  type App,
  byEndpoint,
  type CallContext,
  type CodecSession,
  Endpoint,
  type InterceptedCall,
  Interceptor,
  type Next,
  provide,
  Service,
  type ServiceError,
  Use,
  wrapped,
} from 'tenon';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deferred } from './deferred.js';
import { TestFleet, wires } from './fleet.js';
import { First, LastHop, Mirror, MirrorContract, Second, Third } from './relay.js';

const failure = (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => expect.fail('it succeeded'),
    (error) => error,
  );

describe.each(wires)('calls over %s', (wire) => {
  let fleet: TestFleet;

  beforeEach(() => {
    fleet = new TestFleet(wire);
  });

  afterEach(() => fleet.close());

  async function relays(
    options: { readonly propagate?: readonly string[] } = {},
  ): Promise<{ caller: App; last: LastHop }> {
    const third = await fleet.start({ services: [Third], client: options });
    await fleet.start({ services: [Second], client: options });
    await fleet.start({ services: [First], client: options });
    return { caller: await fleet.start(), last: third.get(LastHop) };
  }

  test('metadata arrives, and nothing of it goes on to the next hop', async () => {
    const { caller } = await relays();
    const { hops } = await caller
      .client(First)
      .relay({}, { metadata: { authorization: 'Bearer x', 'X-Mine': 'grüße' } });
    expect(hops[0]?.metadata).toMatchObject({ authorization: 'Bearer x', 'x-mine': 'grüße' });
    expect(hops[1]?.metadata).toEqual({});
    expect(hops[2]?.metadata).toEqual({});
  });

  test('what the application names does go on', async () => {
    const { caller } = await relays({ propagate: ['X-Tenant'] });
    const { hops } = await caller
      .client(First)
      .relay({}, { metadata: { 'x-tenant': 't1', authorization: 'Bearer x' } });
    expect(hops.slice(1).map((hop) => hop.metadata)).toEqual([{ 'x-tenant': 't1' }, { 'x-tenant': 't1' }]);
  });

  test('each hop has less time left than the one before', async () => {
    const { caller } = await relays();
    const { hops } = await caller.client(First).relay({}, { timeoutMs: 5_000 });
    const left = hops.map((hop) => hop.timeLeftMs);
    expect(left[0]).toBeLessThanOrEqual(5_000);
    expect(left).toEqual(left.toSorted((one, other) => other - one));
    expect(left[2]).toBeGreaterThan(0);
  });

  test('cancelling is felt two hops away', async () => {
    const { caller, last } = await relays();
    const entered = deferred<CallContext>();
    const felt = deferred<void>();
    last.act = (context) => {
      entered.resolve(context);
      return new Promise((_resolve, reject) => {
        context.signal.addEventListener('abort', () => {
          felt.resolve();
          reject(context.signal.reason);
        });
      });
    };
    const stop = new AbortController();
    const call = failure(caller.client(First).relay({}, { signal: stop.signal }));
    await entered.promise;
    stop.abort();
    expect(await call).toMatchObject({ code: 'Canceled', executed: 'maybe' });
    await felt.promise;
  });

  test('the deadline ends the call at every hop', async () => {
    const { caller, last } = await relays();
    const felt = deferred<void>();
    last.act = (context) =>
      new Promise(() => {
        context.signal.addEventListener('abort', () => felt.resolve());
      });
    expect(await failure(caller.client(First).relay({}, { timeoutMs: 200 }))).toMatchObject({
      code: 'DeadlineExceeded',
      executed: expect.stringMatching(/^(maybe|yes)$/),
    });
    await felt.promise;
  });

  test('errors arrive whole, and what is no ServiceError without its text', async () => {
    const server = await fleet.start({ services: [Mirror] });
    const mirror = (await fleet.start()).client(MirrorContract);
    expect(await failure(mirror.fail({ how: 'typed' }))).toMatchObject({
      code: 'AlreadyExists',
      rawMessage: 'there is one',
      details: { id: 7 },
      executed: 'yes',
      service: 'mirror',
      endpoint: 'Mirror.Fail',
    });
    for (const how of ['text', 'null', 'error']) {
      const error = await failure(mirror.fail({ how }));
      expect(error).toMatchObject({ code: 'Internal', correlationId: expect.any(String), executed: 'yes' });
      expect(JSON.stringify(error) + error.message).not.toContain('secret');
    }
    expect(server.describe().services[0]?.name).toBe('mirror');
  });

  test("a handler's own refusal is tried on another node, and its attempts are listed", async () => {
    await fleet.start({ services: [Mirror] });
    await fleet.start({ services: [Mirror] });
    const error = await failure((await fleet.start()).client(MirrorContract).fail({ how: 'refused' }));
    expect(error).toMatchObject({ code: 'ResourceExhausted', executed: 'no' });
    expect(error.attempts).toHaveLength(3);
    expect(new Set(error.attempts.map((attempt) => attempt.node)).size).toBe(2);
  });

  test('the context knows the call', async () => {
    await fleet.start({ services: [Mirror] });
    const caller = await fleet.start();
    const onReply = vi.fn();
    const seen = await caller.client(MirrorContract).context({}, { metadata: { 'x-request-id': 'r-7' }, onReply });
    expect(seen).toEqual({
      service: 'mirror',
      endpoint: 'Mirror.Context',
      metadata: { 'x-request-id': 'r-7' },
      node: expect.stringMatching(/^mirror-[0-9a-f]{12}$/),
      requestId: 'r-7',
      transport: wire.replace(' under TLS', ''),
    });
    expect(onReply).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ 'x-reply': 'grüße' }));
  });

  test('one server answers callers of every bound codec at once, a new one with no other edit', async () => {
    const shout = wrapped(jsonCodec(), (inner) => ({
      contentType: 'application/shout',
      aliases: [],
      capabilities: inner.capabilities,
      open: (): CodecSession => inner.open(),
    }));
    await fleet.start({ services: [Mirror], modules: [shout] });
    const mirror = (await fleet.start({ modules: [shout] })).client(MirrorContract);
    const types = ['application/json', 'application/msgpack', 'application/shout'];
    const replies = await Promise.all(types.map((contentType) => mirror.echo({ contentType }, { contentType })));
    expect(replies).toEqual(types.map((contentType) => ({ contentType })));
    expect(await failure(mirror.echo({}, { contentType: 'application/unheard-of' }))).toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
      rawMessage: expect.stringContaining('application/unheard-of'),
    });
  });

  test('a client has a content type of its own', async () => {
    await fleet.start({ services: [Mirror] });
    const encoded: string[] = [];
    const watched = wrapped(jsonCodec(), (inner) => ({
      contentType: inner.contentType,
      aliases: inner.aliases,
      capabilities: inner.capabilities,
      open: (): CodecSession => {
        const session = inner.open();
        return {
          decoder: (schema) => session.decoder(schema),
          encoder: (schema) => (value, sink) => {
            encoded.push(JSON.stringify(value));
            session.encoder(schema)(value, sink);
          },
        };
      },
    }));
    const caller = await fleet.start({ client: { contentType: 'application/json' }, modules: [watched] });
    await caller.client(MirrorContract).echo({ a: 1 });
    expect(encoded).toEqual(['{"a":1}']);
  });

  test('interceptors run on both sides, outermost first', async () => {
    const order: string[] = [];
    const telling = (name: string, place: 'client' | 'early' | 'server') =>
      provide(Interceptor, [], () => ({
        name,
        places: [place],
        async intercept(call: InterceptedCall, next: Next) {
          order.push(`${name} in`);
          const reply = await next(call);
          order.push(`${name} out`);
          return reply;
        },
      }));
    class Guarded {
      ping(): string {
        order.push('handler');
        return 'pong';
      }
    }
    Use(async (call, next) => {
      order.push('method');
      return next(call);
    })(Guarded.prototype, 'ping', {});
    Use(async (call, next) => {
      order.push('class');
      return next(call);
    })(Guarded);
    Endpoint()(Guarded.prototype, 'ping', {});
    Service('guarded')(Guarded);
    await fleet.start({
      services: [Guarded],
      modules: [telling('s1', 'server'), telling('e1', 'early'), telling('s2', 'server')],
    });
    const caller = await fleet.start({ modules: [telling('c1', 'client'), telling('c2', 'client')] });
    await caller.client(Guarded).ping();
    expect(order).toEqual([
      'c1 in',
      'c2 in',
      'e1 in',
      's1 in',
      's2 in',
      'class',
      'method',
      'handler',
      's2 out',
      's1 out',
      'e1 out',
      'c2 out',
      'c1 out',
    ]);
  });

  test('interceptors see refused calls, and change what passes', async () => {
    const refused: string[] = [];
    const watch = provide(
      Interceptor,
      [],
      () =>
        ({
          name: 'watch',
          places: ['early'],
          intercept: (call: InterceptedCall, next: Next) =>
            next(call).catch((error: ServiceError) => {
              refused.push(`${call.endpoint} ${error.code}`);
              throw error;
            }),
        }) as Interceptor,
    );
    const sign = provide(
      Interceptor,
      [],
      () =>
        ({
          name: 'sign',
          places: ['client'],
          intercept: (call: InterceptedCall, next: Next) =>
            next({ ...call, metadata: { ...call.metadata, 'x-signed': 'yes' } }),
        }) as Interceptor,
    );
    await fleet.start({ services: [Mirror], modules: [watch] });
    const caller = await fleet.start({ modules: [sign] });
    expect(await caller.client(MirrorContract).context({})).toMatchObject({ metadata: { 'x-signed': 'yes' } });
    expect(await failure(caller.call('mirror', 'Mirror.Nothing'))).toMatchObject({
      code: 'Unimplemented',
      executed: 'no',
    });
    expect(refused).toEqual(['Mirror.Nothing Unimplemented']);
  });

  test('version, labels and filters narrow the nodes', async () => {
    @Service('mirror', { version: '2.0.0', as: 'Mirror', metadata: { zone: 'b' } })
    class NewMirror {
      @Endpoint({ idempotent: true }) version(): string {
        return '2';
      }
    }
    await fleet.start({ services: [Mirror] });
    await fleet.start({ services: [NewMirror] });
    const caller = await fleet.start();
    const call = (options: object): Promise<unknown> =>
      caller.call('mirror', 'Mirror.Version', {}, { maxAttempts: 1, ...options });
    for (const options of [
      { version: '2.0.0' },
      { labels: { zone: 'b' } },
      { filters: [byEndpoint('Mirror.Version')] },
    ]) {
      for (let turn = 0; turn < 10; turn += 1) expect(await call(options)).toBe('2');
    }
    expect(await failure(call({ version: '1.0.0' }))).toMatchObject({ code: 'Unimplemented' });
    expect(await failure(call({ version: '3.0.0' }))).toMatchObject({
      code: 'Unavailable',
      rawMessage: expect.stringMatching(/filters leave none of its 2 nodes/),
    });
  });

  test('two versions of one service live in one app', async () => {
    const versioned = (version: string) => {
      class Versioned {
        which(): string {
          return version;
        }
      }
      Endpoint({ idempotent: true })(Versioned.prototype, 'which', {});
      Service('versioned', { version })(Versioned);
      return Versioned;
    };
    await fleet.start({ services: [versioned('1.0.0'), versioned('2.0.0')] });
    const caller = await fleet.start();
    for (const version of ['1.0.0', '2.0.0', '1.0.0']) {
      expect(await caller.call('versioned', 'Versioned.Which', {}, { version })).toBe(version);
    }
  });

  test('a service in the same app, a call by name, and a call by address', async () => {
    const app = await fleet.start({ services: [Mirror, Third] });
    expect(await app.client(Mirror).echo({ a: 1 })).toEqual({ a: 1 });
    expect(await app.call('third', 'Third.Relay')).toMatchObject({ hops: [{ service: 'third' }] });
    const stranger = await fleet.start();
    expect(await stranger.call('mirror', 'Mirror.Echo', { b: 2 }, { address: app.address?.listen })).toEqual({ b: 2 });
  });

  test('nobody at all, nobody of that name, and nobody at that address', async () => {
    const caller = await fleet.start();
    expect(await failure(caller.call('ghost', 'Ghost.Boo'))).toMatchObject({
      code: 'Unavailable',
      executed: 'no',
      rawMessage: expect.stringContaining('"ghost"'),
    });
    const address = wire === 'http' ? '127.0.0.1:1' : 'memory:nobody';
    expect(await failure(caller.call('ghost', 'Ghost.Boo', {}, { address }))).toMatchObject({
      code: 'Unavailable',
      executed: 'no',
    });
  });

  test('a reply that cannot be encoded is an error that says it ran', async () => {
    await fleet.start({ services: [Mirror] });
    const mirror = (await fleet.start()).client(MirrorContract);
    for (const what of ['function', 'cycle', 'symbol']) {
      expect(await failure(mirror.unsendable({ what })), what).toMatchObject({ code: 'Internal', executed: 'yes' });
    }
    expect(await mirror.echo({ fine: true })).toEqual({ fine: true });
  });

  test('a thousand calls at once each get their own reply', async () => {
    await fleet.start({ services: [Mirror] });
    await fleet.start({ services: [Mirror] });
    const mirror = (await fleet.start()).client(MirrorContract);
    const replies = await Promise.all(Array.from({ length: 1_000 }, (_, index) => mirror.echo({ index })));
    expect(replies).toEqual(Array.from({ length: 1_000 }, (_, index) => ({ index })));
  });
});
