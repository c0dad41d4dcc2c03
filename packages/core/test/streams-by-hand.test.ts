import { type EndpointKind, ServiceError } from '@tenon/contract';
import { callContext } from '@tenon/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { failureOf } from './failure-of.js';
import { collected, FedMessages } from './fed-messages.js';
import { Fleet } from './fleet.js';
import { hello } from './greeter.js';

let fleet: Fleet;

beforeEach(() => {
  fleet = new Fleet();
});

afterEach(async () => {
  await fleet.close();
  expect(fleet.clock.pending).toBe(0);
});

const of = (kind: EndpointKind) => ({ ...hello, kind });
const serve = (kind: EndpointKind, handle: (request: unknown) => unknown) => fleet.serve(handle, undefined, kind);

async function* counting(steps: string[] = []): AsyncGenerator<number> {
  try {
    for (let n = 1; ; n += 1) yield n;
  } finally {
    steps.push('ended');
  }
}

async function* doubled(numbers: unknown): AsyncGenerator<number> {
  for await (const number of numbers as AsyncIterable<number>) yield number * 2;
}

test('all kinds of streams arrive, with their metadata', async () => {
  const reply = async (kind: EndpointKind, request: unknown) => fleet.client.stream(of(kind), request);
  await serve('server', async function* (request) {
    callContext().setReplyMetadata('x-a', '1');
    yield request;
    yield 'end';
  });
  const served = await reply('server', { from: 1 });
  expect([served.metadata, await collected(served.messages)]).toEqual([{ 'x-a': '1' }, [{ from: 1 }, 'end']]);
  await fleet.close();

  fleet = new Fleet();
  await serve('client', (requests) => collected(requests as AsyncIterable<unknown>));
  expect(await reply('client', new FedMessages().push(1, 2).end())).toMatchObject({ value: [1, 2] });
  await fleet.close();

  fleet = new Fleet();
  await serve('bidi', doubled);
  expect(await collected((await reply('bidi', new FedMessages().push(1, 2).end())).messages)).toEqual([2, 4]);
});

test('a caller that leaves early ends the handler, and frees the node to drain', async () => {
  const steps: string[] = [];
  const server = await serve('server', () => counting(steps));
  const { messages } = await fleet.client.stream(of('server'), {});
  for await (const number of messages ?? []) if (number === 3) break;
  await server.drain(new AbortController().signal);
  expect(steps).toEqual(['ended']);
});

test('a handler that ends early ends the requests of its caller', async () => {
  const steps: string[] = [];
  await serve('client', async (requests) => {
    for await (const number of requests as AsyncIterable<number>) if (number === 3) return number;
    return 0;
  });
  expect(await fleet.client.stream(of('client'), counting(steps))).toMatchObject({ value: 3 });
  await vi.waitFor(() => expect(steps).toEqual(['ended']));
});

test('draining waits for a stream under way; shutting down ends it on both sides', async () => {
  const steps: string[] = [];
  const server = await serve('server', () => counting(steps));
  const { messages } = await fleet.client.stream(of('server'), {});
  const stop = new AbortController();
  const drained = vi.fn();
  const draining = server.drain(stop.signal).then(drained);
  const iterator = messages?.[Symbol.asyncIterator]();
  expect(await iterator?.next()).toEqual({ done: false, value: 1 });
  await fleet.clock.advance(0);
  expect(drained).not.toHaveBeenCalled();
  stop.abort();
  await draining;
  const failed = failureOf(async () => {
    for (;;) if ((await iterator?.next())?.done === true) throw new Error('it ended as if it were whole');
  });
  expect(await failed).toMatchObject({ code: 'Unavailable', executed: 'maybe' });
  await vi.waitFor(() => expect(steps).toEqual(['ended']));
});

test('a stream that a handler makes ends with the call that it serves, at its deadline or when its caller leaves', async () => {
  for (const end of ['deadline', 'caller']) {
    const steps: string[] = [];
    const inner = of('server');
    await serve('server', async function* (request) {
      if (request === 'inner') {
        yield* stuckAfterOne(steps);
        return;
      }
      yield* (await fleet.client.stream(inner, 'inner')).messages ?? [];
    });
    const stop = new AbortController();
    const { messages } = await fleet.client.stream(inner, 'outer', { timeoutMs: 500, signal: stop.signal });
    const failed = failureOf(collected(messages));
    await fleet.clock.advance(499);
    expect(steps).toEqual([]);
    if (end === 'caller') stop.abort();
    else await fleet.clock.advance(1);
    expect(await failed).toMatchObject({ code: end === 'caller' ? 'Canceled' : 'DeadlineExceeded' });
    await vi.waitFor(() => expect(steps).toEqual(['felt']));
    await fleet.close();
    fleet = new Fleet();
  }

  async function* stuckAfterOne(steps: string[]): AsyncGenerator<number> {
    const { signal } = callContext();
    yield 1;
    await new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        steps.push('felt');
        reject(signal.reason);
      });
    });
  }
});

test('a stream whose node refuses it is begun on another, with all of its requests', async () => {
  let calls = 0;
  for (let node = 0; node < 2; node += 1) {
    await serve('bidi', async function* (requests) {
      calls += 1;
      if (calls === 1) {
        for await (const _first of requests as AsyncIterable<unknown>) break;
        throw new ServiceError('Unavailable', 'warming up', { executed: 'no' });
      }
      yield* doubled(requests);
    });
  }
  const { messages } = await fleet.client.stream(of('bidi'), new FedMessages().push(1, 2, 3).end());
  expect([await collected(messages), calls]).toEqual([[2, 4, 6], 2]);
});
