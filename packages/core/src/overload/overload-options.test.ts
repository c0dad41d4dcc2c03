import { describe, expect, test } from 'vitest';
import { resolveServerOptions, type ServerOptions } from '../server/server-options.js';

describe('server.concurrency', () => {
  test.each([
    [undefined, { initial: 1_000, min: 16, max: 10_000 }],
    [false, { initial: Number.POSITIVE_INFINITY, min: Number.POSITIVE_INFINITY, max: Number.POSITIVE_INFINITY }],
    [50, { initial: 50, min: 50, max: 50 }],
    [{ min: 2_000 }, { initial: 2_000, min: 2_000, max: 10_000 }],
    [{ max: 8 }, { initial: 8, min: 8, max: 8 }],
    [{ initial: 4 }, { initial: 4, min: 4, max: 10_000 }],
    [{ initial: 20_000 }, { initial: 20_000, min: 16, max: 20_000 }],
  ] as const)('%j is taken as %j', (concurrency, resolved) => {
    expect(resolveServerOptions({ ...(concurrency === undefined ? {} : { concurrency }) }).concurrency).toEqual(
      resolved,
    );
  });

  test.each([
    [0, 'server.concurrency is 0'],
    [{ initial: 0 }, 'server.concurrency.initial is 0'],
    [{ initial: 10, min: 20 }, 'server.concurrency is initial 10, min 20, max 10000'],
    [{ initial: 10, max: 5 }, 'server.concurrency is initial 10, min 10, max 5'],
  ] as const)('%j is refused', (concurrency, message) => {
    expect(() => resolveServerOptions({ concurrency })).toThrow(message);
  });
});

test.each([
  [{ queue: { maxCalls: 0 } }, 'server.queue.maxCalls is 0'],
  [{ queue: { targetMs: 0 } }, 'server.queue.targetMs is 0'],
  [{ queue: { intervalMs: 60_001 } }, 'server.queue.intervalMs is 60001'],
  [{ idempotency: { windowMs: 999 } }, 'server.idempotency.windowMs is 999'],
  [{ idempotency: { maxEntries: 0 } }, 'server.idempotency.maxEntries is 0'],
] satisfies readonly (readonly [ServerOptions, string])[])('%j is refused by name', (options, message) => {
  expect(() => resolveServerOptions(options)).toThrow(message);
});
