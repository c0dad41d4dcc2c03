import { ContainerModule } from 'inversify';
import { expect, test } from 'vitest';
import {
  type AnyClass,
  anything,
  Broker,
  type ClientOf,
  createApp,
  Endpoint,
  Event,
  InjectClient,
  InjectPublisher,
  Publisher,
  Service,
  Subscribe,
} from '../src/index.js';

class Request {
  name!: string;
}

interface Erased {
  name: string;
}

const start = (...services: AnyClass[]): Promise<unknown> =>
  createApp({ services, profile: 'test', log: { level: 'silent' } });

test('two endpoints with one name', async () => {
  @Service('twice')
  class Twice {
    @Endpoint() hello(_request: Request): void {}
    @Endpoint({ name: 'hello' }) greet(_request: Request): void {}
  }
  await expect(start(Twice)).rejects.toThrow(
    /Twice\.greet and Twice\.hello are both the endpoint "Twice\.Hello": give one of them @Endpoint\(\{ name/,
  );
});

test('a request type that erased to Object', async () => {
  @Service('erased')
  class ErasedService {
    @Endpoint() hello(_request: Erased): void {}
  }
  await expect(start(ErasedService)).rejects.toThrow(
    /ErasedService\.hello: the type of its parameter is Object.*import type.*request: TheClass/,
  );
});

test('a request type that says nothing about the value', async () => {
  @Service('primitive')
  class Primitive {
    @Endpoint() hello(_request: string): void {}
  }
  await expect(start(Primitive)).rejects.toThrow(/Primitive\.hello: the type of its parameter is String/);
});

test('no emitted types at all, as under tsx or in plain JavaScript', async () => {
  class Plain {
    hello(_request: unknown): void {}
  }
  Endpoint()(Plain.prototype, 'hello', {});
  Service('plain')(Plain);
  await expect(start(Plain)).rejects.toThrow(
    /Plain\.hello: the compiler emitted no parameter types.*tsx or esbuild.*emitDecoratorMetadata.*request: TheClass/,
  );
});

test('an explicit request type needs no emitted one', async () => {
  class Plain {
    hello(request: { name: string }): string {
      return request.name;
    }
  }
  Endpoint({ request: anything })(Plain.prototype, 'hello', {});
  Service('plain')(Plain);
  const app = await createApp({ services: [Plain], profile: 'test', log: { level: 'silent' } });
  await app.start();
  expect(await app.client(Plain).hello({ name: 'Ada' })).toBe('Ada');
  await app.close();
});

test('no parameter types for the constructor', async () => {
  class Injected {
    constructor(readonly something: object) {}
  }
  Service('injected')(Injected);
  await expect(start(Injected)).rejects.toThrow(
    /Injected.*emitDecoratorMetadata|parameter 1 of Injected cannot be injected/s,
  );
});

test('a class without @Service', async () => {
  class NotAService {}
  await expect(start(NotAService)).rejects.toThrow(/NotAService stands in services but has no @Service/);
});

test('a client of a class without @Service', async () => {
  class NotAService {}
  @Service('asks')
  class Asks {
    constructor(@InjectClient(NotAService) readonly client: ClientOf<NotAService>) {}
  }
  await expect(start(Asks)).rejects.toThrow(/a client of NotAService was asked for, which has no @Service/);
});

test('a publisher or subscription of a class without @Event', async () => {
  class NotAnEvent {
    id!: string;
  }
  @Service('publishes')
  class Publishes {
    constructor(@InjectPublisher(NotAnEvent) readonly publisher: Publisher<NotAnEvent>) {}
  }
  @Service('subscribes')
  class Subscribes {
    @Subscribe(NotAnEvent) on(_event: NotAnEvent): void {}
  }
  await expect(start(Publishes)).rejects.toThrow(/a publisher of NotAnEvent was asked for, which has no @Event/);
  await expect(start(Subscribes)).rejects.toThrow(/Subscribes\.on subscribes to NotAnEvent, which has no @Event/);
});

test('a minified class name', async () => {
  const minified = class a {};
  Service('minified')(minified);
  await expect(start(minified)).rejects.toThrow(
    /service "minified" is called "a" at run time, as a minifier leaves it/,
  );
});

test('a subscription without a broker', async () => {
  @Event('thing.happened')
  class Happened {
    id!: string;
  }
  @Service('listens')
  class Listens {
    @Subscribe(Happened) on(_event: Happened): void {}
  }
  const modules = [new ContainerModule(({ unbind }) => unbind(Broker))];
  const app = await createApp({ services: [Listens], profile: 'test', log: { level: 'silent' }, modules });
  await expect(app.start()).rejects.toThrow(
    /Listens\.on subscribes to "thing\.happened" but no broker is bound.*natsBroker\(\)/,
  );
});

test('one service twice', async () => {
  @Service('same', { version: '1.0.0' })
  class One {
    @Endpoint() ping(): void {}
  }
  @Service('same', { version: '1.0.0' })
  class Other {
    @Endpoint() ping(): void {}
  }
  await expect(start(One, Other)).rejects.toMatchObject({
    code: 'AlreadyExists',
    rawMessage: expect.stringContaining('"same" version 1.0.0'),
  });
});

test('files that import each other leave undefined behind', () => {
  expect(() => InjectClient(undefined as never)(class Circular {}, undefined, 0)).toThrow(
    /parameter 1 of Circular got undefined: the two files import each other/,
  );
});

test('options out of range are refused with name and value', async () => {
  await expect(createApp({ profile: 'prod' as never })).rejects.toThrow(/profile is "prod"/);
  await expect(createApp({ profile: 'test', drainTimeoutMs: -1 })).rejects.toThrow(
    /drainTimeoutMs is -1; it must be a whole number from 0/,
  );
  await expect(createApp({ profile: 'test', client: { timeoutMs: 0 } })).rejects.toThrow(/client\.timeoutMs is 0/);
  await expect(createApp({ profile: 'test', client: { retry: { maxAttempts: 0 } } })).rejects.toThrow(
    /retry\.maxAttempts is 0/,
  );
  await expect(createApp({ profile: 'test', server: { listen: 'nowhere' } })).rejects.toThrow(
    /server\.listen is "nowhere"; it must be host:port/,
  );
  await expect(createApp({ profile: 'test', server: { listen: '0.0.0.0:80' } })).rejects.toThrow(
    /wants TLS \(the option tls\) or insecure: true/,
  );
  await expect(createApp({ profile: 'test', log: { level: 'loud' as never } })).rejects.toThrow(
    /logger\.level is loud/,
  );
});
