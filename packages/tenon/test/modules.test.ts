import { ContainerModule, injectable, multiInject } from 'inversify';
import { expect, test } from 'vitest';
import {
  type App,
  all,
  Clock,
  Codec,
  createApp,
  Injectable,
  jsonCodec,
  Logger,
  type Module,
  optional,
  provide,
  Registry,
  ServiceError,
} from '../src/index.js';

abstract class Greeting {
  abstract readonly text: string;
}

const appWith = (...modules: Module[]): Promise<App> =>
  createApp({ profile: 'test', log: { level: 'silent' }, modules });

test('of two modules that bind one token the later wins, whichever kinds they are', async () => {
  const byProvide = provide(Greeting, [], () => ({ text: 'provided' }));
  const byModule = new ContainerModule(({ bind }) => void bind(Greeting).toConstantValue({ text: 'bound' }));
  expect((await appWith(byProvide, byModule)).get(Greeting).text).toBe('bound');
  expect((await appWith(byModule, byProvide)).get(Greeting).text).toBe('provided');
  expect((await appWith([byModule, [byProvide]])).get(Greeting).text).toBe('provided');
});

test('a module that binds one token twice keeps both', async () => {
  @injectable()
  class All {
    constructor(@multiInject(Greeting) readonly greetings: Greeting[]) {}
  }
  const earlier = new ContainerModule(({ bind }) => void bind(Greeting).toConstantValue({ text: 'gone' }));
  const twice = new ContainerModule(({ bind }) => {
    bind(Greeting).toConstantValue({ text: 'one' });
    bind(Greeting).toConstantValue({ text: 'two' });
    bind(All).toSelf();
  });
  const app = await appWith(earlier, twice);
  expect(app.get(All).greetings.map((greeting) => greeting.text)).toEqual(['one', 'two']);
});

test('an asynchronous module is waited for, in order', async () => {
  const slow = new ContainerModule(async ({ bind }) => {
    await new Promise((resolve) => setImmediate(resolve));
    bind(Greeting).toConstantValue({ text: 'slow' });
  });
  const quick = provide(Greeting, [], () => ({ text: 'quick' }));
  expect((await appWith(quick, slow)).get(Greeting).text).toBe('slow');
  expect((await appWith(slow, quick)).get(Greeting).text).toBe('quick');
});

test('a finished instance that is replaced is disposed of', async () => {
  const closed: string[] = [];
  const instance = (text: string) => ({ text, close: async () => void closed.push(text) });
  const first = new ContainerModule(({ bind }) => void bind(Greeting).toConstantValue(instance('first')));
  const second = new ContainerModule(({ bind }) => void bind(Greeting).toConstantValue(instance('second')));
  await appWith(first, second);
  expect(closed).toEqual(['first']);
});

test('rebind inside a module replaces too', async () => {
  const app = await appWith(
    new ContainerModule(({ bind, rebind }) => {
      bind(Greeting).toConstantValue({ text: 'one' });
      rebind(Greeting).toConstantValue({ text: 'two' });
    }),
  );
  expect(app.get(Greeting).text).toBe('two');
});

test('bindings that stand side by side add, and a same key replaces', async () => {
  const shout = provide(Codec, [], () => ({ ...bare, contentType: 'application/shout' }));
  const otherJson = provide(Codec, [], () => ({ ...bare, contentType: 'application/json' }));
  class Codecs {
    constructor(readonly list: readonly Codec[]) {}
  }
  const app = await appWith(
    jsonCodec(),
    shout,
    otherJson,
    provide(Codecs, [all(Codec)], (list) => new Codecs(list)),
  );
  const types = app.get(Codecs).list.map((codec) => codec.contentType);
  expect(types.toSorted()).toEqual([
    'application/json',
    'application/msgpack',
    'application/octet-stream',
    'application/protobuf',
    'application/shout',
    'application/vnd.tenon.compiled',
    'text/plain',
  ]);
  expect(app.get(Codecs).list.find((codec) => codec.contentType === 'application/json')?.aliases).toEqual(['mine']);
});

test('an optional dependency may be missing', async () => {
  class Needy {
    constructor(readonly greeting: Greeting | undefined) {}
  }
  const app = await appWith(provide(Needy, [optional(Greeting)], (greeting) => new Needy(greeting)));
  expect(app.get(Needy).greeting).toBeUndefined();
});

test('a missing dependency is named with who asked, for what, and the mend', async () => {
  class Needy {}
  const provider = provide(Needy, [Clock, Greeting], () => new Needy());
  await expect(appWith(provider)).rejects.toMatchObject({
    code: 'FailedPrecondition',
    rawMessage: expect.stringMatching(/the provider of Needy needs Greeting.*provide\(Greeting, …\)/),
  });
});

test('a missing seam names the package to install', async () => {
  const unbound = new ContainerModule(({ unbind }) => unbind(Registry));
  await expect(appWith(unbound)).rejects.toMatchObject({
    code: 'FailedPrecondition',
    rawMessage: expect.stringMatching(/needs Registry.*@tenon\/registry-/),
  });
});

test('an undecorated class is not built by guess', async () => {
  class Bare {}
  @Injectable()
  class Asks {
    constructor(readonly bare: Bare) {}
  }
  const module = new ContainerModule(({ bind }) => void bind(Asks).toSelf());
  await expect(appWith(module)).rejects.toThrow(/parameter 1 of Asks needs Bare/);
});

test('what is no module is refused by name', async () => {
  await expect(appWith(jsonCodec as never)).rejects.toThrow(/the function jsonCodec: was it meant to be called\?/);
  await expect(appWith({} as never)).rejects.toMatchObject({ code: 'InvalidArgument' });
});

test('a module that throws stops the app with its own error', async () => {
  const broken = new ContainerModule(() => {
    throw new ServiceError('FailedPrecondition', 'no secret store');
  });
  await expect(appWith(broken)).rejects.toThrow('no secret store');
});

test('two apps of one process share nothing', async () => {
  const [one, other] = [await appWith(), await appWith()];
  expect(one.get(Registry)).not.toBe(other.get(Registry));
  expect(one.get(Logger)).not.toBe(other.get(Logger));
});

const bare = {
  contentType: '',
  aliases: ['mine'],
  capabilities: { bytes: false, dates: false, bigints: false, nonFinite: false },
  open: () => ({ encoder: () => () => {}, decoder: () => () => undefined }),
} satisfies Codec;
