import { mockService } from '@tenon/testing';
import { type ClientOf, Contract, contract, Endpoint, type Replies, type Requests, type Schema, Service } from 'tenon';
import { describe, expectTypeOf, test } from 'vitest';

// Held by tsc (tsconfig.test.json), as the other files here. What must be refused stands in functions that nobody calls.

class CountRequest {
  to!: number;
}

class Tick {
  n!: number;
}

@Service('counter')
class Counter {
  @Endpoint({ stream: 'server', response: Tick })
  async *count(request: CountRequest): AsyncIterable<Tick> {
    for (let n = 0; n < request.to; n += 1) yield { n };
  }

  @Endpoint({ stream: 'client', request: Tick })
  async sum(ticks: AsyncIterable<Tick>): Promise<number> {
    let sum = 0;
    for await (const { n } of ticks) sum += n;
    return sum;
  }

  @Endpoint({ stream: 'bidi', request: Tick, response: Tick })
  async *double(ticks: AsyncIterable<Tick>): AsyncIterable<Tick> {
    for await (const { n } of ticks) yield { n: 2 * n };
  }

  @Endpoint()
  async last(): Promise<Tick> {
    return { n: 1 };
  }
}

const client = {} as ClientOf<Counter>;

describe('a client', () => {
  test('iterates replies, and takes requests from any iterable', () => {
    expectTypeOf(client.count).returns.toEqualTypeOf<Replies<Tick>>();
    expectTypeOf(client.sum).parameter(0).toEqualTypeOf<Requests<{ n: number }>>();
    expectTypeOf(client.sum).returns.toEqualTypeOf<Promise<number>>();
    expectTypeOf(client.double).returns.toEqualTypeOf<Replies<Tick>>();
    expectTypeOf(client.last).returns.toEqualTypeOf<Promise<Tick>>();
    void (() => client.sum([{ n: 1 }], { timeoutMs: 5 }));
    void (async () => {
      for await (const tick of client.count({ to: 3 })) expectTypeOf(tick).toEqualTypeOf<Tick>();
    });
  });

  test('mixes up neither', () => {
    // @ts-expect-error one request, not a stream of them
    void (() => client.count([{ to: 3 }]));
    // @ts-expect-error a stream of requests, not one
    void (() => client.sum({ n: 1 }));
    // @ts-expect-error each request has the right type
    void (() => client.double([{ n: 'one' }]));
    // @ts-expect-error replies are iterated, not awaited
    void (async (): Promise<Tick> => client.count({ to: 3 }));
  });
});

describe('a decorator', () => {
  test('refuses a method that streams otherwise than it says', () => {
    void (() => {
      class Wrong {
        // @ts-expect-error it yields many replies, and the decorator says one
        @Endpoint()
        async *many(_request: CountRequest): AsyncIterable<Tick> {}

        // @ts-expect-error it gives one reply, and the decorator says many
        @Endpoint({ stream: 'server' })
        async one(_request: CountRequest): Promise<Tick> {
          return { n: 1 };
        }

        // @ts-expect-error the class of the requests is missing
        @Endpoint({ stream: 'client' })
        async noClass(_ticks: AsyncIterable<Tick>): Promise<void> {}

        // @ts-expect-error it takes one request, and the decorator says many
        @Endpoint({ stream: 'client', request: Tick })
        async takesOne(_tick: Tick): Promise<void> {}

        // @ts-expect-error the requests are of another class
        @Endpoint({ stream: 'bidi', request: CountRequest as Schema<CountRequest> })
        async *other(_ticks: AsyncIterable<Tick>): AsyncIterable<Tick> {}

        // @ts-expect-error the replies are of another class
        @Endpoint({ stream: 'server', response: CountRequest as Schema<CountRequest> })
        async *answers(_request: CountRequest): AsyncIterable<Tick> {}
      }
      return Wrong;
    });
  });
});

describe('a contract', () => {
  test('names every method that streams, and only those', () => {
    contract<Counter>()('counter', { as: 'Counter', streams: { count: 'server', sum: 'client', double: 'bidi' } });
    contract<{ hello(request: CountRequest): Promise<Tick> }>()('plain', { as: 'Plain' });
    // @ts-expect-error the streams are missing
    contract<Counter>()('counter', { as: 'Counter' });
    // @ts-expect-error one of them is missing
    contract<Counter>()('counter', { as: 'Counter', streams: { count: 'server', sum: 'client' } });
    // @ts-expect-error of another kind
    contract<Counter>()('counter', { as: 'Counter', streams: { count: 'bidi', sum: 'client', double: 'bidi' } });
  });

  test('may be an abstract class', () => {
    @Contract<CounterContract>('counter', { as: 'Counter', streams: { count: 'server' } })
    abstract class CounterContract {
      abstract count(request: CountRequest): AsyncIterable<Tick>;
      abstract last(): Promise<Tick>;
    }
    const mock = mockService(CounterContract, { count: () => [{ n: 1 }], last: () => ({ n: 2 }) });
    expectTypeOf(mock.serviceClass).toBeObject();
  });
});

test('a mock answers a stream with any iterable', () => {
  mockService(Counter, {
    count: ({ to }) => [{ n: to }],
    sum: async (ticks) => {
      let sum = 0;
      for await (const { n } of ticks) sum += n;
      return sum;
    },
    async *double(ticks) {
      for await (const { n } of ticks) yield { n: n + n };
    },
  });
  // @ts-expect-error a stream is not answered with one reply
  void (() => mockService(Counter, { count: () => ({ n: 1 }) }));
});

test('an endpoint that always fails streams nothing', () => {
  class Failing {
    @Endpoint()
    refuse(_request: CountRequest): never {
      throw new Error('never');
    }

    @Endpoint()
    async refuseLater(_request: CountRequest): Promise<never> {
      throw new Error('never');
    }
  }
  expectTypeOf<ClientOf<Failing>['refuse']>().returns.toEqualTypeOf<Promise<never>>();
  expectTypeOf<ClientOf<Failing>['refuseLater']>().returns.toEqualTypeOf<Promise<never>>();
});
