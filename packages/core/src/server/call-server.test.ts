import { type Codec, type Interceptor, type Server, ServiceError } from '@tenon/contract';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ArrivingCall, serve } from '../../test/arriving-call.js';
import { failureOf } from '../../test/failure-of.js';
import { servedEndpoint, servedService, servedSubscription } from '../../test/greeter.js';
import { deliveryOf, handlerOf } from '../../test/journalled-parts.js';
import { mailer, type ServerSetting, serverOf, signalOf } from '../../test/server-under-test.js';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function setUp(setting: ServerSetting = {}) {
  const made = serverOf(setting);
  servers.push(made.server);
  return made;
}

describe('starting', () => {
  test('listens, then subscribes, then registers: nobody is sent here before somebody answers', async () => {
    const { journal, server } = setUp();
    server.serve(servedService());
    server.serve(mailer);
    expect(server.address).toBeUndefined();
    await server.start(signalOf());
    expect(journal.steps).toEqual([
      'listen stub',
      'listen other',
      'subscribe mail.wanted',
      'register greeter',
      'register mailer',
    ]);
  });

  test('registers each service at one address, with what leads others to it', async () => {
    const { registry, transport, server } = setUp({ options: { ttlMs: 5_000 } });
    server.serve(servedService({ metadata: { zone: 'x' } }));
    server.serve(mailer);
    await server.start(signalOf());
    const instance = transport.port?.instance;
    const address = `stub:${instance}`;
    expect(server.address).toEqual({ listen: address, advertise: address });
    const metadata = { protocol: 'mucp', 'tenon-protocols': 'other,stub', 'tenon-instance': instance };
    expect(registry.registered).toMatchObject([
      {
        record: {
          name: 'greeter',
          nodes: [{ id: `greeter-${instance}`, address, metadata: { zone: 'x', ...metadata } }],
        },
        options: { ttlMs: 5_000 },
      },
      { record: { name: 'mailer', nodes: [{ id: `mailer-${instance}`, address, metadata }] } },
    ]);
  });

  test('tells transports what is served before any address is known, as the registry is told', async () => {
    const { registry, transport, server } = setUp();
    server.serve(servedService());
    await server.start(signalOf());
    const [{ record } = { record: undefined }] = registry.registered;
    const nodes = [{ id: `greeter-${transport.port?.instance}`, address: '', metadata: {} }];
    expect(handlerOf(transport).services?.()).toEqual([{ ...record, nodes }]);
    expect(record?.endpoints.length).toBeGreaterThan(0);
  });

  test('gives a second version of a service a node of its own, by which its calls are told apart', async () => {
    const { registry, transport, server } = setUp();
    for (const version of ['1.0.0', '2.0.0'])
      server.serve(servedService({ version, endpoints: [servedEndpoint(() => version)] }));
    await server.start(signalOf());
    const ids = registry.registered.map(({ record }) => record.nodes[0]?.id);
    expect(ids).toEqual([`greeter-${transport.port?.instance}`, `greeter-${transport.port?.instance}-2`]);
    const replies = ids.map(async (node) => (await serve(handlerOf(transport), new ArrivingCall({ node }))).value);
    expect(await Promise.all(replies)).toEqual(['1.0.0', '2.0.0']);
  });

  test('subscribes with the options of the subscription, and delivers to its handler', async () => {
    const { broker, server } = setUp();
    const handle = vi.fn();
    const subscription = servedSubscription(handle, { options: { queue: 'q', maxInFlight: 7 } });
    server.serve(servedService({ subscriptions: [subscription] }));
    await server.start(signalOf());
    expect(broker.subscriptions).toMatchObject([{ options: { queue: 'q', maxInFlight: 7 } }]);
    await broker.subscriptions[0]?.deliver(deliveryOf({ name: 'Ada' }));
    expect(handle.mock.calls).toEqual([[{ name: 'Ada' }]]);
  });

  test('asks codecs about each service before it is served, and fails with what one of them says', async () => {
    const asked: string[] = [];
    const codec: Codec = {
      contentType: 'application/x-picky',
      aliases: [],
      capabilities: { bytes: true, dates: true, bigints: true, nonFinite: true },
      open: () => ({ encoder: () => () => {}, decoder: () => () => undefined }),
      checkService({ name }) {
        asked.push(name);
        if (name === 'mailer') throw new ServiceError('FailedPrecondition', 'no mail in this format');
      },
    };
    const { journal, server } = setUp({ codecs: [codec] });
    server.serve(servedService());
    expect(() => server.serve(mailer)).toThrow('no mail in this format');
    expect(asked).toEqual(['greeter', 'mailer']);
    expect(journal.steps).toEqual([]);
  });

  test('of a server that serves nothing listens nowhere', async () => {
    const { journal, server } = setUp();
    await server.start(signalOf());
    expect([journal.steps, server.address]).toEqual([[], undefined]);
  });

  test('runs the bound interceptors in their places, composed before the first call', async () => {
    const seen: string[] = [];
    const through: Interceptor['intercept'] = (call, next) => {
      seen.push(`${call.side} ${call.kind} ${call.value === undefined ? 'early' : 'typed'}`);
      return next(call);
    };
    const interceptors: Interceptor[] = [
      { name: 'a', places: ['early', 'server', 'client'], intercept: through },
      { name: 'b', places: ['client'], intercept: through },
    ];
    const { broker, transport, server } = setUp({ interceptors });
    server.serve(servedService({ subscriptions: [servedSubscription(() => {})] }));
    await server.start(signalOf());
    await serve(handlerOf(transport));
    await broker.subscriptions[0]?.deliver(deliveryOf({ name: 'Ada' }));
    expect(seen).toEqual(['server unary early', 'server unary typed', 'server event early', 'server event typed']);
  });
});

describe('the address', () => {
  test('is the one of the port, where a transport shares it', async () => {
    const { registry, server } = setUp({ overTcp: true, reach: 'process' });
    server.serve(servedService());
    await server.start(signalOf());
    expect(server.address?.listen).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(server.address?.advertise).toBe(server.address?.listen);
    expect(registry.registered[0]?.record.nodes[0]?.address).toBe(server.address?.advertise);
  });

  test('is what the option says, for others', async () => {
    const { registry, server } = setUp({ overTcp: true, options: { advertise: 'greeter.internal:80' } });
    server.serve(servedService());
    await server.start(signalOf());
    expect(server.address).toMatchObject({ advertise: 'greeter.internal:80' });
    expect(server.address?.listen).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(registry.registered[0]?.record.nodes[0]?.address).toBe('greeter.internal:80');
  });

  test('of an IPv6 interface is written in brackets', async () => {
    const { server } = setUp({ overTcp: true, reach: 'process', options: { listen: '[::1]:0' } });
    server.serve(servedService());
    await server.start(signalOf());
    expect(server.address?.listen).toMatch(/^\[::1\]:\d+$/);
  });

  test('that is a wildcard is replaced for others, and wants insecure to be said', async () => {
    expect(() => serverOf({ options: { listen: '0.0.0.0:0' } })).toThrow('insecure: true');
    const { server } = setUp({ overTcp: true, options: { listen: '0.0.0.0:0', insecure: true } });
    server.serve(servedService());
    await server.start(signalOf());
    expect(server.address?.listen).toMatch(/^0\.0\.0\.0:\d+$/);
    expect(server.address?.advertise).not.toMatch(/^0\.0\.0\.0/);
  });

  test.each([
    ['network', true],
    [undefined, true],
    ['machine', false],
    ['process', false],
  ] as const)('that is loopback, in a registry that reaches %s, is worth a warning: %s', async (reach, warned) => {
    const { logger, server } = setUp({ overTcp: true, ...(reach === undefined ? {} : { reach }) });
    server.serve(servedService());
    await server.start(signalOf());
    expect(logger.complaints.map(({ message }) => message)).toEqual(
      warned ? [expect.stringMatching(/set listen and advertise \(TENON_LISTEN, TENON_ADVERTISE\)/)] : [],
    );
  });

  test('that others can reach is not', async () => {
    const { logger, server } = setUp({ overTcp: true, reach: 'network', options: { advertise: '10.0.0.7' } });
    server.serve(servedService());
    await server.start(signalOf());
    expect(logger.complaints).toEqual([]);
  });
});

describe('out of order', () => {
  test('a second start is refused, and does not disturb the first', async () => {
    const { journal, server } = setUp();
    server.serve(servedService());
    await server.start(signalOf());
    expect(await failureOf(server.start(signalOf()))).toMatchObject({
      code: 'FailedPrecondition',
      executed: 'no',
      rawMessage: 'server.start() was called while the server is started',
    });
    expect(journal.steps).toEqual(['listen stub', 'listen other', 'register greeter']);
  });

  test('a service comes too late, or twice', async () => {
    const { server } = setUp();
    server.serve(servedService());
    expect(await failureOf(() => server.serve(servedService()))).toMatchObject({
      code: 'AlreadyExists',
      executed: 'no',
      rawMessage: 'service "greeter" version 1.0.0 is served already',
    });
    server.serve(servedService({ version: '2.0.0' }));
    await server.start(signalOf());
    expect(await failureOf(() => server.serve(mailer))).toMatchObject({
      code: 'FailedPrecondition',
      rawMessage: 'server.serve() was called while the server is started',
    });
  });
});
