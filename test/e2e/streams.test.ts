import { eventually } from '@tenon/conformance';
import { type App, type ClientOf, type Intercept, Interceptor, type Metadata, type Module, provide } from 'tenon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestFleet, wires } from './fleet.js';
import { leavingNothing } from './leaving-nothing.js';
import { type Tick, Ticker } from './ticker.js';

const within = { withinMs: 10_000 };

/** Everything that a stream of a typed client yields. */
async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Requests that never end, and tell how many were taken and that they were left. */
class Endless {
  taken = 0;
  left = false;

  async *[Symbol.asyncIterator](): AsyncGenerator<Tick> {
    try {
      for (; ; this.taken += 1) yield { n: 1 };
    } finally {
      this.left = true;
    }
  }
}

const interceptor = (name: string, place: 'client' | 'server', intercept: Intercept): Module =>
  provide(Interceptor, [], (): Interceptor => ({ name, places: [place], intercept }));

/** Writes down every message that passes, both ways. */
function noting(seen: string[], place: 'client' | 'server'): Module {
  const noted = (mark: string, messages: AsyncIterable<unknown>): AsyncIterable<unknown> =>
    (async function* () {
      for await (const message of messages) {
        seen.push(`${place} ${mark} ${JSON.stringify(message)}`);
        yield message;
      }
    })();
  return interceptor('noting', place, async (call, next) => {
    const reply = await next(call.messages === undefined ? call : { ...call, messages: noted('>', call.messages) });
    return reply.messages === undefined ? reply : { ...reply, messages: noted('<', reply.messages) };
  });
}

describe.each(wires.filter((wire) => wire !== 'http'))('streams over %s', (wire) => {
  let fleet: TestFleet;
  let ticker: Ticker;
  let app: App;
  let client: ClientOf<Ticker>;

  async function start(modules: { server?: readonly Module[]; client?: readonly Module[] } = {}): Promise<void> {
    const serving = await fleet.start({ services: [Ticker], modules: modules.server ?? [] });
    ticker = serving.get(Ticker);
    app = await fleet.start({ modules: modules.client ?? [] });
    client = app.client(Ticker);
  }

  beforeEach(() => {
    fleet = new TestFleet(wire);
  });
  afterEach(() => fleet.close());

  test('of all kinds carry every message in order, and leave nothing behind', async () => {
    await leavingNothing(async () => {
      await start();
      let metadata: Metadata = {};
      const onReply = (received: Metadata): void => {
        metadata = received;
      };
      const ticks = await all(client.count({ to: 1_000 }, { onReply }));
      expect(ticks.map(({ n }) => n)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
      expect(metadata['counts-to']).toBe('1000');
      expect(await client.sum(ticks)).toEqual({ n: 499_500 });
      expect(await all(client.double(ticks))).toEqual(ticks.map(({ n }) => ({ n: 2 * n })));
      expect(await all(client.count({ to: 0 }))).toEqual([]);
      expect(await client.sum([])).toEqual({ n: 0 });
      expect(await all(app.stream('ticker', 'Ticker.Count', { to: 2 }))).toEqual([{ n: 0 }, { n: 1 }]);
      await fleet.close();
    });
  });

  test('answer each request when it comes', async () => {
    await start();
    const asked: ((tick: Tick | undefined) => void)[] = [];
    async function* questions(): AsyncGenerator<Tick> {
      for (;;) {
        const tick = await new Promise<Tick | undefined>((resolve) => asked.push(resolve));
        if (tick === undefined) return;
        yield tick;
      }
    }
    const answers = client.double(questions());
    for (let n = 1; n <= 5; n += 1) {
      const answer = answers.next();
      await eventually(() => expect(asked.length).toBe(n), within);
      asked[n - 1]?.({ n });
      expect(await answer).toEqual({ done: false, value: { n: 2 * n } });
    }
    const last = answers.next();
    await eventually(() => expect(asked.length).toBe(6), within);
    asked[5]?.(undefined);
    expect(await last).toMatchObject({ done: true });
  });

  test('stop their producer where the caller does not read, and end it where it leaves', async () => {
    await start();
    const ticks = client.count({ to: 10_000_000 });
    await ticks.next();
    let before = -2;
    await eventually(async () => {
      const now = ticker.produced;
      const rests = now === before;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(rests, 'the handler still produces').toBe(true);
    }, within);
    expect(ticker.produced).toBeLessThan(1_000_000);
    await ticks.return?.();
    await eventually(() => expect(ticker.seen).toEqual(['count ended']), within);
    expect(await client.last({ n: 1 })).toEqual({ n: 1 });
  });

  test('stop asking the caller where the handler does not read, and leave it where the handler answers early', async () => {
    await start();
    const endless = new Endless();
    expect(await client.first(endless)).toEqual({ n: 1 });
    await eventually(() => expect(endless.left).toBe(true), within);
    expect(endless.taken).toBeLessThan(1_000_000);
  });

  test('end at both ends when they are cancelled or too late', async () => {
    await start();
    const stop = new AbortController();
    const cancelled = client.stuck({ to: 1 }, { signal: stop.signal });
    expect(await cancelled.next()).toEqual({ done: false, value: { n: 1 } });
    const waiting = cancelled.next().catch((error: unknown) => error);
    stop.abort();
    expect(await waiting).toMatchObject({ code: 'Canceled' });
    await eventually(() => expect(ticker.seen).toEqual(['stuck ended: Canceled']), within);
    await expect(all(client.stuck({ to: 1 }, { timeoutMs: 200 }))).rejects.toMatchObject({ code: 'DeadlineExceeded' });
    await eventually(() => expect(ticker.seen).toContain('stuck ended: DeadlineExceeded'), within);
  });

  test('fail with types, before the first message and after it', async () => {
    await start();
    await expect(all(client.count({ to: -1 }))).rejects.toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
      service: 'ticker',
      endpoint: 'Ticker.Count',
      details: { violations: [{ field: 'to', rule: 'min' }] },
    });
    const failing = client.failing({ to: 2 });
    expect([await failing.next(), await failing.next()]).toMatchObject([{ value: { n: 0 } }, { value: { n: 1 } }]);
    await expect(failing.next()).rejects.toMatchObject({
      code: 'DataLoss',
      rawMessage: 'the rest is gone',
      details: { after: 2 },
      executed: 'yes',
      service: 'ticker',
    });
    expect(await failing.next()).toMatchObject({ done: true });
  });

  test('refuse a request that breaks a rule where it stands', async () => {
    await start();
    const answers = client.double([{ n: 1 }, { n: 1.5 }, { n: 2 }]);
    expect(await answers.next()).toEqual({ done: false, value: { n: 2 } });
    await expect(answers.next()).rejects.toMatchObject({ code: 'InvalidArgument' });
    await eventually(() => expect(ticker.seen).toEqual(['double ended']), within);
  });

  test("end with the caller's own error where its requests fail", async () => {
    await start();
    async function* broken(): AsyncGenerator<Tick> {
      yield { n: 1 };
      throw new Error('no more');
    }
    await expect(client.sum(broken())).rejects.toMatchObject({ code: 'Canceled', cause: { message: 'no more' } });
  });

  test('pass interceptors message by message, on both sides', async () => {
    const seen: string[] = [];
    await start({ server: [noting(seen, 'server')], client: [noting(seen, 'client')] });
    expect(await all(client.double([{ n: 1 }]))).toEqual([{ n: 2 }]);
    expect(seen).toEqual(['client > {"n":1}', 'server > {"n":1}', 'server < {"n":2}', 'client < {"n":2}']);
  });

  test('of one call are not those of another', async () => {
    await start();
    const calls = Array.from({ length: 50 }, async (_, n) => all(client.double([{ n }, { n: n + 1 }])));
    expect(await Promise.all(calls)).toEqual(calls.map((_, n) => [{ n: 2 * n }, { n: 2 * n + 2 }]));
  });
});

test('over HTTP/1.1 go one way only, and the others are refused', async () => {
  const fleet = new TestFleet('http');
  try {
    await fleet.start({ services: [Ticker] });
    const client = (await fleet.start()).client(Ticker);
    expect(await all(client.count({ to: 3 }))).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    const refused = { code: 'Unimplemented', executed: 'no' };
    await expect(client.sum([{ n: 1 }])).rejects.toMatchObject(refused);
    await expect(all(client.double([{ n: 1 }]))).rejects.toMatchObject(refused);
  } finally {
    await fleet.close();
  }
});
