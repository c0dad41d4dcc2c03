import { PassThrough } from 'node:stream';
import { ServiceError } from '@tenon/contract';
import { expect, test, vi } from 'vitest';
import { RequestPump } from './request-pump.js';

/** A pump of some requests into a body that can be read. */
function pumpOf(messages: AsyncIterable<unknown>) {
  const body = new PassThrough();
  const failures: ServiceError[] = [];
  const pump = new RequestPump({
    messages,
    body,
    last: Buffer.from('.'),
    encode: (message) => {
      if (typeof message !== 'string') throw new ServiceError('InvalidArgument', 'no text', { executed: 'no' });
      return Buffer.from(message);
    },
    onFailure: (error) => failures.push(error),
  });
  pump.start();
  return { pump, body, failures, sent: () => String(body.read() ?? '') };
}

/** Yields what it is given, then waits until it is left. */
async function* endless(messages: readonly unknown[], onLeft: () => void): AsyncIterable<unknown> {
  try {
    yield* messages;
    await new Promise(() => {});
  } finally {
    onLeft();
  }
}

async function* ending(...messages: readonly unknown[]): AsyncIterable<unknown> {
  yield* messages;
}

test('requests go out in their order, then what stands behind the last, then the end', async () => {
  const { body, sent, failures } = pumpOf(ending('a', 'b'));
  await vi.waitFor(() => expect(body.writableEnded).toBe(true));
  expect([sent(), failures]).toEqual(['ab.', []]);
});

test('one that cannot be sent leaves the requests, and those before it may have been executed', async () => {
  const left = vi.fn();
  const { sent, failures, body } = pumpOf(endless(['a', 1, 'b'], left));
  await vi.waitFor(() => expect(failures).toMatchObject([{ code: 'InvalidArgument', executed: 'maybe' }]));
  expect(left).toHaveBeenCalledOnce();
  await vi.waitFor(() => expect(sent()).toBe('a'));
  expect(body.writableEnded).toBe(false);
});

test('what the iteration throws is the cause of a cancelled call', async () => {
  const thrown = new Error('mine');
  const { failures } = pumpOf(
    (async function* () {
      yield 'a';
      throw thrown;
    })(),
  );
  await vi.waitFor(() => expect(failures).toMatchObject([{ code: 'Canceled', cause: thrown }]));
});

test('it can be ended early, and then what was sent stands', async () => {
  const { pump, body, sent, failures } = pumpOf(endless(['a'], () => {}));
  await vi.waitFor(() => expect(sent()).toBe('a'));
  pump.end();
  pump.end();
  expect([body.writableEnded, sent(), failures]).toEqual([true, '.', []]);
});

test('a pump that was stopped sends nothing more', async () => {
  const { pump, body, sent, failures } = pumpOf(ending('a', 'b'));
  pump.stop();
  await new Promise((resolve) => setImmediate(resolve));
  expect([body.writableEnded, sent(), failures]).toEqual([false, '', []]);
});
