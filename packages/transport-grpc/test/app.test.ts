import { status as codes } from '@grpc/grpc-js';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { IsInt, IsString, MaxLength } from 'class-validator';
import {
  type App,
  type AppOptions,
  Codec,
  createApp,
  Endpoint,
  HealthCheck,
  httpTransport,
  type Module,
  provide,
  Registry,
  Service,
  ServiceError,
  tcpTransport,
  tls,
} from 'tenon';
import { afterEach, expect, test } from 'vitest';
import { pem } from '../../../test/tls/test-tls.js';
import { allOf, until } from '../../../test/wire/test-call.js';
import { grpcTransport } from '../src/index.js';
import { Stranger } from './grpc-js.js';
import { ask, framed, openSession } from './raw-http2.js';
import { newCodecs } from './test-server.js';

class HelloRequest {
  @IsString()
  @MaxLength(20)
  name!: string;
}

class HelloReply {
  @IsString()
  greeting!: string;
}

class Tick {
  @IsInt()
  n!: number;
}

@Service('greeter', { version: '1.2.0' })
class Greeter {
  @Endpoint({ idempotent: true })
  async hello(request: HelloRequest): Promise<HelloReply> {
    if (request.name === 'nobody')
      throw new ServiceError('NotFound', 'nobody is there', { details: { name: 'nobody' } });
    if (request.name === 'secret') throw new Error('password=hunter2');
    return { greeting: `Hello ${request.name}` };
  }

  @Endpoint({ stream: 'bidi', request: Tick, response: Tick })
  async *double(ticks: AsyncIterable<Tick>): AsyncIterable<Tick> {
    for await (const { n } of ticks) yield { n: n * 2 };
  }
}

/** What grpc-js calls protobuf is JSON in these tests. */
const jsonAsProtobuf = (): Module => provide(Codec, [], () => newCodecs()[2] as Codec);
const cases = [
  ['in the clear', undefined],
  ['under TLS', { ca: pem('ca'), cert: pem('server'), key: pem('server-key') }],
] as const;
let apps: App[] = [];

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  apps = [];
});

async function started(options: AppOptions): Promise<App> {
  const app = await createApp({ profile: 'test', log: { level: 'silent' }, ...options });
  apps.push(app);
  await app.start();
  return app;
}

function portOf(app: App): number {
  return Number(app.address?.listen.split(':')[1]);
}

test.each(cases)(
  'one class answers tenon/1, HTTP and gRPC on one port at the same time, %s',
  async (_how, material) => {
    const store = new MemoryRegistryStore();
    const secure: readonly Module[] = material === undefined ? [] : [tls(material)];
    const shared = [memoryRegistry({ store }), jsonAsProtobuf(), ...secure];
    const server = await started({
      services: [Greeter],
      modules: [...shared, httpTransport(), grpcTransport(), tcpTransport()],
    });
    const [record] = await server.get(Registry).lookup('greeter');
    expect(record?.nodes[0]?.metadata).toMatchObject({
      protocol: 'mucp',
      'tenon-protocols': 'tenon/1,grpc,http,memory',
    });
    const callers = await Promise.all(
      [tcpTransport(), httpTransport(), grpcTransport()].map((transport) =>
        started({ modules: [...shared, transport] }),
      ),
    );
    using stranger = new Stranger(portOf(server), {}, material?.ca);
    const calls = Array.from({ length: 30 }, async (_, turn) => {
      const name = `Ada ${turn}`;
      const replies = await Promise.all([
        ...callers.map((app) => app.client(Greeter).hello({ name })),
        stranger.unary('/greeter.Greeter/Hello', { name }).then(({ value }) => value),
      ]);
      expect(replies).toEqual(Array(4).fill({ greeting: `Hello ${name}` }));
    });
    await Promise.all(calls);
    const scheme = material === undefined ? 'http' : 'https';
    if (scheme === 'http') {
      const posted = await fetch(`http://127.0.0.1:${portOf(server)}/greeter/Greeter.Hello`, {
        method: 'POST',
        body: '{"name":"curl"}',
        headers: { 'content-type': 'application/json' },
      });
      expect(await posted.json()).toEqual({ greeting: 'Hello curl' });
    }
    const [, , grpc] = callers;
    const doubled = grpc?.client(Greeter).double(ticks(1, 2, 3));
    expect(await allOf(doubled as AsyncIterable<Tick>)).toEqual([{ n: 2 }, { n: 4 }, { n: 6 }]);
  },
);

test('an address says that gRPC is meant, where HTTP would take it first', async () => {
  const server = await started({ services: [Greeter], modules: [grpcTransport()] });
  const caller = await started({ modules: [httpTransport(), grpcTransport()] });
  const asked = (address: string | undefined) => caller.call('greeter', 'Greeter.Hello', { name: 'Ada' }, { address });
  await expect(asked(server.address?.listen)).rejects.toBeInstanceOf(ServiceError);
  expect(await asked(`grpc://${server.address?.listen}`)).toEqual({ greeting: 'Hello Ada' });
});

test('a rule that is broken, an error of the handler and a secret arrive as they should', async () => {
  const server = await started({ services: [Greeter], modules: [jsonAsProtobuf(), grpcTransport()] });
  using stranger = new Stranger(portOf(server));
  const asked = async (name: unknown) => (await stranger.unary('/greeter.Greeter/Hello', { name })).status;
  expect((await asked('x'.repeat(21))).code).toBe(codes.INVALID_ARGUMENT);
  expect((await asked(7)).code).toBe(codes.INVALID_ARGUMENT);
  expect(await asked('nobody')).toMatchObject({ code: codes.NOT_FOUND, details: 'nobody is there' });
  const secret = await asked('secret');
  expect(secret.code).toBe(codes.INTERNAL);
  expect(JSON.stringify(secret) + JSON.stringify(secret.metadata.getMap())).not.toContain('hunter2');
});

test('a node that serves gRPC alone says so to go-micro, and is called by its address too', async () => {
  const server = await started({ services: [Greeter], modules: [grpcTransport()] });
  const [record] = await server.get(Registry).lookup('greeter');
  expect(record?.nodes[0]?.metadata).toMatchObject({ protocol: 'grpc', transport: 'grpc', server: 'grpc' });
  const caller = await started({ modules: [grpcTransport()] });
  const address = server.address?.listen;
  expect(await caller.call('greeter', 'Greeter.Hello', { name: 'Ada' }, { address })).toEqual({
    greeting: 'Hello Ada',
  });
  const error = await caller
    .call('greeter', 'Greeter.Hello', { name: 'nobody' }, { address })
    .catch((thrown: ServiceError) => thrown);
  expect(error).toMatchObject({
    code: 'NotFound',
    rawMessage: 'nobody is there',
    details: { name: 'nobody' },
    executed: 'yes',
    service: 'greeter',
    endpoint: 'Greeter.Hello',
  });
});

test('a fleet that is drained node by node loses no call', async () => {
  const store = new MemoryRegistryStore();
  const modules = [memoryRegistry({ store }), grpcTransport()];
  const servers = await Promise.all([0, 1].map(() => started({ services: [Greeter], modules })));
  const caller = await started({ modules });
  const greeter = caller.client(Greeter);
  let stop = false;
  let made = 0;
  const callers = Array.from({ length: 16 }, async () => {
    while (!stop) {
      expect(await greeter.hello({ name: 'Ada' })).toEqual({ greeting: 'Hello Ada' });
      made += 1;
    }
  });
  await until(() => made > 200, 'calls flow');
  await servers[0]?.drain();
  const before = made;
  await until(() => made > before + 200, 'calls flow on');
  stop = true;
  await Promise.all(callers);
});

test('gRPC health is the health of the app, for the server, its services and their names in protobuf', async () => {
  let broken = false;
  const check: HealthCheck = {
    name: 'database',
    scope: 'readiness',
    check: () => {
      if (broken) throw new Error('down');
    },
  };
  const server = await started({
    services: [Greeter],
    modules: [grpcTransport(), provide(HealthCheck, [], () => check)],
    health: { intervalMs: 100 },
  });
  const session = await openSession(portOf(server));
  const path = '/grpc.health.v1.Health';
  const proto = { 'content-type': 'application/grpc' };
  const named = (name: string) => framed(Buffer.from(`\x0a${String.fromCharCode(name.length)}${name}`, 'latin1'));
  const checked = async (name: string) => {
    const { body, status } = await ask(session, `${path}/Check`, name === '' ? framed('') : named(name), proto);
    return [status, body.slice(5)];
  };
  for (const name of ['', 'greeter', 'greeter.Greeter']) expect(await checked(name)).toEqual(['0', '\x08\x01']);
  expect(await checked('elsewhere')).toEqual(['5', '']);
  const watch = session.request({ ':method': 'POST', ':path': `${path}/Watch`, ...proto });
  const heard: string[] = [];
  let trailers: Record<string, unknown> = {};
  watch.on('data', (chunk: Buffer) =>
    heard.push(
      ...chunk
        .toString('latin1')
        .split('\0\0\0\0\x02')
        .filter((one) => one !== ''),
    ),
  );
  watch.on('trailers', (fields) => {
    trailers = fields;
  });
  watch.end(named('greeter'));
  await until(() => heard.length === 1, 'it is serving');
  broken = true;
  await until(() => heard.length === 2, 'it is not serving');
  expect(await checked('greeter')).toEqual(['0', '\x08\x02']);
  broken = false;
  await until(() => heard.length === 3, 'it is serving again');
  await server.drain();
  await until(() => trailers['grpc-status'] !== undefined, 'the watch has ended');
  expect(heard).toEqual(['\x08\x01', '\x08\x02', '\x08\x01', '\x08\x02']);
  expect(trailers['grpc-status']).toBe('14');
  session.destroy();
});

test('health speaks protobuf alone, and has no other methods', async () => {
  const server = await started({ services: [Greeter], modules: [grpcTransport()] });
  const session = await openSession(portOf(server));
  expect((await ask(session, '/grpc.health.v1.Health/Check', framed('{}'))).status).toBe('12');
  const proto = { 'content-type': 'application/grpc' };
  for (const method of ['List', 'toString', '__proto__', '']) {
    expect((await ask(session, `/grpc.health.v1.Health/${method}`, framed(''), proto)).status).toBe('12');
  }
  expect((await ask(session, '/grpc.health.v1.Health/Check', framed('\xff\xff'), proto)).status).toBe('3');
  session.destroy();
});

async function* ticks(...numbers: number[]): AsyncIterable<Tick> {
  for (const n of numbers) yield { n };
}
