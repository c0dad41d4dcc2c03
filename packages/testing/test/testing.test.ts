import { IsString } from 'class-validator';
import { type ClientOf, contract, Endpoint, InjectClient, Registry, Service, ServiceError } from 'tenon';
import { expect, test } from 'vitest';
import { Cluster, createTestApp, FakeClock, mockService } from '../src/index.js';

class Name {
  @IsString() name!: string;
}

@Service('greeter')
class Greeter {
  @Endpoint({ idempotent: true })
  async hello(request: Name): Promise<{ greeting: string; by?: string }> {
    return { greeting: `Hello ${request.name}` };
  }

  @Endpoint()
  async bye(_request: Name): Promise<{ greeting: string }> {
    return { greeting: 'bye' };
  }
}

@Service('front')
class Front {
  constructor(@InjectClient(Greeter) private readonly greeter: ClientOf<Greeter>) {}

  @Endpoint({ idempotent: true })
  async welcome(request: Name): Promise<{ text: string }> {
    return { text: (await this.greeter.hello({ name: request.name })).greeting };
  }

  @Endpoint()
  async leave(request: Name): Promise<{ text: string }> {
    return { text: (await this.greeter.bye({ name: request.name })).greeting };
  }
}

test('a mocked service is called through the real stack', async () => {
  const names: string[] = [];
  const mock = mockService(Greeter, {
    hello: async ({ name }) => {
      names.push(name);
      return { greeting: 'hi' };
    },
  });
  await using app = await createTestApp({ services: [Front], mocks: [mock] });
  expect(await app.client(Front).welcome({ name: 'Ada' })).toEqual({ text: 'hi' });
  expect(names).toEqual(['Ada']);
  await expect(app.client(Greeter).hello({ name: 7 as never })).rejects.toMatchObject({ code: 'InvalidArgument' });
});

test('an endpoint that the mock lacks says so', async () => {
  await using app = await createTestApp({ services: [Front], mocks: [mockService(Greeter, {})] });
  await expect(app.client(Front).leave({ name: 'Ada' })).rejects.toMatchObject({
    code: 'Unimplemented',
    rawMessage: expect.stringContaining('mockService(Greeter, { bye: … })'),
  });
});

test('an error that a mock throws arrives as the service would send it', async () => {
  const hello = async (): Promise<never> => {
    throw new ServiceError('NotFound', 'nobody');
  };
  await using app = await createTestApp({ services: [Front], mocks: [mockService(Greeter, { hello })] });
  await expect(app.client(Front).welcome({ name: 'Ada' })).rejects.toMatchObject({
    code: 'NotFound',
    service: 'greeter',
  });
});

test('a misspelt method of a mock is refused', () => {
  expect(() => mockService(Greeter, { helo: async () => ({ greeting: '' }) } as never)).toThrow(
    /"helo", which is no endpoint of it; there are hello, bye/,
  );
});

test('a contract without the class can be mocked and called', async () => {
  const GreeterContract = contract<Greeter>()('greeter', { as: 'Greeter' });
  await using app = await createTestApp({
    mocks: [mockService(GreeterContract, { hello: async () => ({ greeting: 'hi' }) })],
  });
  expect(await app.client(GreeterContract).hello({ name: 'Ada' })).toEqual({ greeting: 'hi' });
});

test('twenty nodes live through two seconds of fake time', async () => {
  const clock = new FakeClock();
  await using cluster = new Cluster({ clock });
  const nodes = await Promise.all(Array.from({ length: 20 }, () => cluster.start({ services: [Greeter] })));
  const caller = await cluster.start();
  await clock.advance(2_000);
  const replies = await Promise.all(Array.from({ length: 100 }, () => caller.client(Greeter).hello({ name: 'Ada' })));
  expect(replies).toHaveLength(100);
  const [record] = await caller.get(Registry).lookup('greeter');
  expect(record?.nodes).toHaveLength(nodes.length);
});

test('a crashed node is missed by nobody, and leaves the registry after its time to live', async () => {
  const clock = new FakeClock();
  await using cluster = new Cluster({ clock });
  const [first, second] = [await cluster.start({ services: [Greeter] }), await cluster.start({ services: [Greeter] })];
  const caller = await cluster.start();
  const greeter = caller.client(Greeter);
  await greeter.hello({ name: 'Ada' });
  await cluster.crash(first);
  for (let call = 0; call < 50; call += 1) await greeter.hello({ name: 'Ada' });
  await clock.advance(16_000);
  const [record] = await caller.get(Registry).lookup('greeter');
  expect(record?.nodes.map((node) => node.address)).toEqual([second.address?.advertise]);
});

test('an isolated node is found again when it rejoins', async () => {
  const clock = new FakeClock();
  await using cluster = new Cluster({ clock });
  const node = await cluster.start({ services: [Greeter] });
  const caller = await cluster.start();
  cluster.isolate(node);
  await clock.advance(20_000);
  await expect(caller.client(Greeter).hello({ name: 'Ada' })).rejects.toMatchObject({
    code: 'Unavailable',
    executed: 'no',
  });
  cluster.rejoin(node);
  await clock.advance(20_000);
  expect(await caller.client(Greeter).hello({ name: 'Ada' })).toEqual({ greeting: 'Hello Ada' });
});

test('nothing waits on the clock after a cluster was closed', async () => {
  const clock = new FakeClock();
  const cluster = new Cluster({ clock });
  await cluster.start({ services: [Greeter] });
  await (await cluster.start()).client(Greeter).hello({ name: 'Ada' });
  await cluster.close();
  expect(clock.pending).toBe(0);
});
