import {
  all,
  Clock,
  Codec,
  createApp,
  httpTransport,
  jsonCodec,
  Logger,
  optional,
  type Provider,
  provide,
  Registry,
  wrapped,
} from 'tenon';
import { expectTypeOf, test } from 'vitest';

abstract class Rates {
  abstract of(currency: string): number;
}

class FixedRates implements Rates {
  constructor(readonly clock: Clock) {}
  of(): number {
    return 1;
  }
}

test('what create gets follows from the list of dependencies', () => {
  const provider = provide(Rates, [Clock, Logger, all(Codec), optional(Registry)], (...dependencies) => {
    expectTypeOf(dependencies).toEqualTypeOf<[Clock, Logger, readonly Codec[], Registry | undefined]>();
    return new FixedRates(dependencies[0]);
  });
  expectTypeOf(provider).toEqualTypeOf<Provider<Rates>>();
  provide(Rates, [], (...dependencies) => {
    expectTypeOf(dependencies).toEqualTypeOf<[]>();
    return { of: () => 2 };
  });
});

test('a dependency of another type than create takes is refused', () => {
  // @ts-expect-error create gets a Logger
  provide(Rates, [Logger], (clock: Clock) => new FixedRates(clock));
  // @ts-expect-error create gets a list
  provide(Rates, [all(Codec)], (codec) => ({ of: () => codec.contentType.length }));
  // @ts-expect-error it may be missing
  provide(Rates, [optional(Clock)], (clock) => new FixedRates(clock));
  // @ts-expect-error create takes more than there is
  provide(Rates, [Clock], (clock: Clock, _logger: Logger) => new FixedRates(clock));
  // @ts-expect-error a token is a class, not its name
  provide(Rates, ['Clock'], () => ({ of: () => 1 }));
});

test('what create returns must fill the token', () => {
  // @ts-expect-error there is no method of
  provide(Rates, [], () => ({}));
  // @ts-expect-error it returns a number
  provide(Rates, [], () => ({ of: () => 'one' }));
  // @ts-expect-error connecting belongs into start: a promise is no instance
  provide(Rates, [Clock], async (clock) => new FixedRates(clock));
  // @ts-expect-error a registry has more to do
  provide(Registry, [], () => ({ close: async () => {} }));
});

test('a wrapped provider gets and gives the same seam', () => {
  expectTypeOf(wrapped(jsonCodec(), (codec) => codec)).toEqualTypeOf<Provider<Codec>>();
  wrapped(jsonCodec(), (codec) => {
    expectTypeOf(codec).toEqualTypeOf<Codec>();
    return codec;
  });
  // @ts-expect-error a text is no codec
  wrapped(jsonCodec(), (codec) => codec.contentType);
});

test('modules are providers, not their factories or classes', () => {
  void (() =>
    createApp({ modules: [jsonCodec(), [httpTransport()], provide(Rates, [Clock], (c) => new FixedRates(c))] }));
  // @ts-expect-error it was meant to be called
  void (() => createApp({ modules: [jsonCodec] }));
  // @ts-expect-error a class is no provider of itself
  void (() => createApp({ modules: [FixedRates] }));
});

test('options are checked by name and type', () => {
  // @ts-expect-error misspelt
  void (() => createApp({ service: [] }));
  // @ts-expect-error no such profile
  void (() => createApp({ profile: 'production' }));
  // @ts-expect-error instances are made by the container
  void (() => createApp({ services: [new FixedRates({} as Clock)] }));
  // @ts-expect-error a number of milliseconds
  void (() => createApp({ drainTimeoutMs: '30s' }));
});
