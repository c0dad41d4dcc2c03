import type { CallOptions, ClientMethod, ClientOf, Plain } from 'tenon';
import { describe, expectTypeOf, test } from 'vitest';
import type { CheckIn, Guest, Reception, Room } from './reception.js';

// Held by tsc (tsconfig.test.json): vitest runs what stands here, the compiler judges it. What must be refused stands in
// functions that nobody calls.
const client = {} as ClientOf<Reception>;

const guest = { name: 'Ada' };
const checkIn = { guest, companions: [guest], arrival: new Date(0) };

describe('a request', () => {
  test('is a plain object: fields without methods, all the way down, optional ones left out', () => {
    expectTypeOf<Plain<Guest>>().toEqualTypeOf<{ name: string; age?: number }>();
    expectTypeOf<Plain<CheckIn>['companions']>().toEqualTypeOf<readonly Plain<Guest>[]>();
    expectTypeOf<Plain<CheckIn>['arrival']>().toEqualTypeOf<Date>();
    expectTypeOf(client.checkIn).parameter(0).toEqualTypeOf<Plain<CheckIn>>();
    void (() => client.checkIn(checkIn));
    void (() => client.checkIn({ ...checkIn, companions: [{ name: 'Bob', age: 7 }] as const }));
    void ((instance: CheckIn) => client.checkIn(instance));
  });

  test('lacks nothing', () => {
    // @ts-expect-error name is missing
    void (() => client.bill({}));
    // @ts-expect-error the whole request is missing
    void (() => client.bill());
    // @ts-expect-error companions and arrival are missing
    void (() => client.checkIn({ guest }));
    // @ts-expect-error a field of a nested object is missing
    void (() => client.checkIn({ ...checkIn, companions: [{ age: 7 }] }));
  });

  test('has the right types', () => {
    // @ts-expect-error name is a string
    void (() => client.bill({ name: 7 }));
    // @ts-expect-error name is not null
    void (() => client.bill({ name: null }));
    // @ts-expect-error companions are a list
    void (() => client.checkIn({ ...checkIn, companions: guest }));
    // @ts-expect-error an element has the right type too
    void (() => client.checkIn({ ...checkIn, companions: ['Ada'] }));
    // @ts-expect-error a date is a Date
    void (() => client.checkIn({ ...checkIn, arrival: 'today' }));
    // @ts-expect-error the request of another endpoint
    void (() => client.checkIn(guest));
  });

  test('has no field that the class does not know', () => {
    // @ts-expect-error misspelt, and so missing and unknown
    void (() => client.bill({ nmae: 'Ada' }));
    // @ts-expect-error unknown
    void (() => client.bill({ name: 'Ada', room: 7 }));
  });

  test('may be left out where the handler takes none', () => {
    expectTypeOf<ClientMethod<() => number>>().parameters.toEqualTypeOf<
      [request?: Record<string, never> | undefined, options?: CallOptions | undefined]
    >();
    void (() => client.count());
    void (() => client.count({}));
    // @ts-expect-error there is nothing to say to it
    void (() => client.count({ name: 'Ada' }));
  });
});

describe('a reply', () => {
  test('has the type that the handler returns, always as a promise', () => {
    expectTypeOf(client.checkIn).returns.toEqualTypeOf<Promise<Room>>();
    expectTypeOf(client.count).returns.toEqualTypeOf<Promise<number>>();
    expectTypeOf(client.close).returns.toEqualTypeOf<Promise<void>>();
    void (async () => expectTypeOf((await client.checkIn(checkIn)).keys).toEqualTypeOf<readonly string[]>());
  });

  test('has nothing else', () => {
    // @ts-expect-error Room has no floor
    void (async () => (await client.checkIn(checkIn)).floor);
    // @ts-expect-error it is a promise, to be awaited
    void (() => client.checkIn(checkIn).keys);
    // @ts-expect-error a number is no string
    void (async (): Promise<string> => client.bill(guest));
  });
});

describe('the options of a call', () => {
  test('are those of CallOptions', () => {
    expectTypeOf(client.bill).parameter(1).toEqualTypeOf<CallOptions | undefined>();
    void (() =>
      client.bill(guest, {
        timeoutMs: 500,
        signal: new AbortController().signal,
        metadata: { 'x-request-id': 'r-1' },
        contentType: 'application/json',
        version: '1.0.0',
        labels: { zone: 'a' },
        filters: [(candidates) => candidates.slice(1)],
        maxAttempts: 1,
        onReply: (metadata) => metadata['x-cost']?.toUpperCase(),
      }));
  });

  test('are refused where they are misspelt or of a wrong type', () => {
    // @ts-expect-error units stand in the name
    void (() => client.bill(guest, { timeout: 500 }));
    // @ts-expect-error a number of milliseconds
    void (() => client.bill(guest, { timeoutMs: '500ms' }));
    // @ts-expect-error metadata are strings
    void (() => client.bill(guest, { metadata: { retries: 3 } }));
    // @ts-expect-error the signal itself, not its controller
    void (() => client.bill(guest, { signal: new AbortController() }));
    // @ts-expect-error options come second
    void (() => client.bill({ timeoutMs: 500 }));
  });
});

describe('a client', () => {
  test('has the methods of the class and not its fields', () => {
    expectTypeOf<keyof ClientOf<Reception>>().toEqualTypeOf<'checkIn' | 'bill' | 'count' | 'close'>();
    // @ts-expect-error a field stays at the service
    void (() => client.rooms);
    // @ts-expect-error there is no such method
    void (() => client.checkOut(guest));
  });

  test('cannot be changed', () => {
    // @ts-expect-error its methods are read-only
    void (() => (client.count = async () => 1));
  });

  test('is no service: what a handler needs beside its request never shows', () => {
    class Contextual {
      // Not an endpoint of ours: an endpoint takes one request.
      two(_one: Guest, _other: Guest): void {}
      #secret(): number {
        return 1;
      }
      private hidden(): number {
        return this.#secret();
      }
      shown(): number {
        return this.hidden();
      }
    }
    expectTypeOf<keyof ClientOf<Contextual>>().toEqualTypeOf<'shown'>();
  });
});
