import { createServer } from 'node:net';
import { type Server, ServiceError } from '@tenon/contract';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { deferred } from '../../test/deferred.js';
import { failureOf } from '../../test/failure-of.js';
import { servedService, servedSubscription } from '../../test/greeter.js';
import type { Journal } from '../../test/journalled-parts.js';
import { mailer, type ServerSetting, serverOf, signalOf } from '../../test/server-under-test.js';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function setUp(setting: ServerSetting = {}) {
  const made = serverOf(setting);
  servers.push(made.server);
  return made;
}

describe('a start that fails', () => {
  const failure = new ServiceError('Unavailable', 'away', { executed: 'no' });

  test.each([
    ['listen other', ['listen stub', 'listen other', 'close stub']],
    [
      'subscribe mail.wanted',
      [
        'listen stub',
        'listen other',
        'subscribe user.created',
        'subscribe mail.wanted',
        'unsubscribe user.created',
        'close stub',
        'close other',
      ],
    ],
    [
      'register mailer',
      [
        'listen stub',
        'listen other',
        'subscribe user.created',
        'subscribe mail.wanted',
        'register greeter',
        'register mailer',
        'release greeter',
        'unsubscribe user.created',
        'unsubscribe mail.wanted',
        'close stub',
        'close other',
      ],
    ],
  ])('at "%s" is undone, step by step', async (step, steps) => {
    const { journal, clock, server } = setUp();
    server.serve(servedService({ subscriptions: [servedSubscription(() => {})] }));
    server.serve(mailer);
    journal.before.set(step, () => Promise.reject(failure));
    expect(await failureOf(server.start(signalOf()))).toBe(failure);
    expect(journal.steps).toEqual(steps);
    await server.close();
    expect([journal.steps, clock.pending]).toEqual([steps, 0]);
  });

  test('with something that is no ServiceError is Unavailable, and keeps its cause', async () => {
    const { journal, server } = setUp();
    server.serve(servedService());
    const cause = new TypeError('odd');
    journal.before.set('listen stub', () => Promise.reject(cause));
    expect(await failureOf(server.start(signalOf()))).toMatchObject({ code: 'Unavailable', executed: 'no', cause });
  });

  test('and cannot even be undone tells why it failed, and logs the rest', async () => {
    const { journal, logger, server } = setUp();
    server.serve(servedService());
    const error = new Error('stuck');
    journal.before.set('register greeter', () => Promise.reject(failure));
    journal.before.set('close stub', () => Promise.reject(error));
    expect(await failureOf(server.start(signalOf()))).toBe(failure);
    expect(journal.steps.slice(-2)).toEqual(['close stub', 'close other']);
    expect(logger.complaints).toMatchObject([
      { message: 'a start that failed could not be undone', fields: { error } },
    ]);
  });

  test('because there is nothing to listen with says what to bind', async () => {
    const { server } = setUp({ transports: false });
    server.serve(servedService());
    expect(await failureOf(server.start(signalOf()))).toMatchObject({
      code: 'FailedPrecondition',
      rawMessage: 'the server has nothing to listen with: bind a Transport, such as httpTransport()',
    });
  });

  test('because a subscription has no broker names it, and what to bind', async () => {
    const { journal, server } = setUp({ broker: false });
    server.serve(servedService({ subscriptions: [servedSubscription(() => {})] }));
    expect(await failureOf(server.start(signalOf()))).toMatchObject({
      code: 'FailedPrecondition',
      rawMessage:
        'Greeter.onUserCreated subscribes to "user.created" but no broker is bound: add one to modules, such as natsBroker()',
    });
    expect(journal.steps).toEqual(['listen stub', 'listen other', 'close stub', 'close other']);
  });

  test('because its port is taken says so, and leaves nothing behind', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const address = squatter.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { journal, server } = setUp({ overTcp: true, options: { listen: `127.0.0.1:${port}` } });
    server.serve(servedService());
    try {
      const error = await failureOf(server.start(signalOf()));
      expect([error.code, error.rawMessage]).toEqual([
        'FailedPrecondition',
        expect.stringContaining(`cannot listen on 127.0.0.1:${port}`),
      ]);
      expect(journal.steps).toEqual(['listen stub', 'listen other', 'close stub', 'close other']);
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
  });
});

describe('a start that is given up', () => {
  test.each(['listen stub', 'subscribe mail.wanted', 'register mailer'])(
    'by its signal at "%s" is undone, with what the step made at the last moment',
    async (step) => {
      const { journal, server } = setUp();
      server.serve(mailer);
      const stop = new AbortController();
      journal.before.set(step, () => stop.abort());
      expect(await failureOf(server.start(stop.signal))).toMatchObject({ code: 'Canceled', executed: 'no' });
      expect(balanceOf(journal)).toEqual([]);
      // Nothing more was begun.
      expect(journal.steps.filter((begun) => /^(listen|subscribe|register)/.test(begun)).at(-1)).toBe(step);
    },
  );

  test.each(['listen stub', 'subscribe mail.wanted', 'register mailer'])(
    'by closing at "%s" is undone before closing ends, with what the step made at the last moment',
    async (step) => {
      const { journal, clock, server } = setUp();
      server.serve(mailer);
      const gate = deferred();
      journal.before.set(step, () => gate.promise);
      const failed = failureOf(server.start(signalOf()));
      await clock.advance(0);
      const closed = vi.fn();
      const closing = server.close().then(closed);
      await clock.advance(0);
      expect(closed).not.toHaveBeenCalled();
      gate.resolve();
      await closing;
      expect(await failed).toMatchObject({ code: 'Canceled', rawMessage: 'the server was closed while it started' });
      expect(balanceOf(journal)).toEqual([]);
      expect(journal.steps.at(-1)).toMatch(/^close/);
    },
  );

  test('passes the signal on to broker and registry', async () => {
    const { broker, registry, server } = setUp();
    server.serve(mailer);
    const stop = new AbortController();
    await server.start(stop.signal);
    const signals = [broker.subscriptions[0]?.options.signal, registry.registered[0]?.options.signal];
    expect(signals.map((signal) => signal?.aborted)).toEqual([false, false]);
    stop.abort();
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
  });

  test('is not one that was over when the server was closed', async () => {
    const { broker, server } = setUp();
    server.serve(mailer);
    await server.start(signalOf());
    await server.close();
    expect(broker.subscriptions[0]?.options.signal?.aborted).toBe(false);
  });
});

/** What was begun and not ended. */
function balanceOf({ steps }: Journal): readonly string[] {
  const endOf: Readonly<Record<string, string>> = { listen: 'close', subscribe: 'unsubscribe', register: 'release' };
  return steps.filter((step) => {
    const [verb = '', what] = step.split(' ');
    return endOf[verb] !== undefined && !steps.includes(`${endOf[verb]} ${what}`);
  });
}
