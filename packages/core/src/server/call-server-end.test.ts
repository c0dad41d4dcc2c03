import type { Server } from '@tenon/contract';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { serve } from '../../test/arriving-call.js';
import { deferred } from '../../test/deferred.js';
import { failureOf } from '../../test/failure-of.js';
import { servedEndpoint, servedService, servedSubscription } from '../../test/greeter.js';
import { deliveryOf, handlerOf } from '../../test/journalled-parts.js';
import { listenersOn } from '../../test/listeners-on.js';
import { mailer, type ServerSetting, serverOf, signalOf } from '../../test/server-under-test.js';
import { callContext } from '../context/index.js';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function setUp(setting: ServerSetting = {}) {
  const made = serverOf(setting);
  servers.push(made.server);
  return made;
}

describe('draining', () => {
  async function running() {
    const gate = deferred<string>();
    const signals: AbortSignal[] = [];
    const all = setUp();
    const handle = (): Promise<string> => {
      signals.push(callContext().signal);
      return gate.promise;
    };
    all.server.serve(
      servedService({ endpoints: [servedEndpoint(handle)], subscriptions: [servedSubscription(handle)] }),
    );
    await all.server.start(signalOf());
    all.journal.steps.length = 0;
    return { ...all, gate, signals };
  }

  test('leaves the registry first, then tells peers and broker', async () => {
    const { journal, clock, server } = await running();
    const gate = deferred();
    journal.before.set('release greeter', () => gate.promise);
    const draining = server.drain(signalOf());
    await clock.advance(0);
    expect(journal.steps).toEqual(['release greeter']);
    gate.resolve();
    await draining;
    expect(journal.steps).toEqual(['release greeter', 'drain user.created', 'drain stub', 'drain other']);
    await server.drain(signalOf());
    expect(journal.steps).toHaveLength(4);
  });

  test('waits for the calls in hand and refuses others', async () => {
    const { clock, transport, server, gate } = await running();
    const reply = serve(handlerOf(transport));
    await clock.advance(0);
    const drained = vi.fn();
    const draining = server.drain(signalOf()).then(drained);
    await clock.advance(0);
    expect(drained).not.toHaveBeenCalled();
    expect(await failureOf(serve(handlerOf(transport)))).toMatchObject({
      code: 'Unavailable',
      executed: 'no',
    });
    gate.resolve('done');
    await draining;
    expect(await reply).toMatchObject({ value: 'done' });
  });

  test('ends with its signal: what still runs is cancelled, its callers are answered', async () => {
    const { clock, broker, transport, server, gate, signals } = await running();
    const failed = failureOf(serve(handlerOf(transport)));
    const event = broker.subscriptions[0]?.deliver(deliveryOf({ name: 'Ada' }));
    await clock.advance(0);
    const stop = new AbortController();
    const draining = server.drain(stop.signal);
    await clock.advance(0);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    stop.abort();
    await draining;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(await failed).toMatchObject({ code: 'Unavailable', executed: 'maybe' });
    gate.resolve('late');
    await event;
    await clock.advance(0);
    expect([clock.pending, listenersOn(stop.signal)]).toEqual([0, 0]);
  });
});

describe('closing', () => {
  test('cancels what runs and ends everything, once', async () => {
    const { journal, clock, transport, server } = setUp();
    const gate = deferred();
    server.serve(servedService({ endpoints: [servedEndpoint(() => gate.promise)] }));
    server.serve(mailer);
    await server.start(signalOf());
    journal.steps.length = 0;
    const failed = failureOf(serve(handlerOf(transport)));
    await clock.advance(0);
    await Promise.all([server.close(), server.close()]);
    await server.close();
    expect(journal.steps).toEqual([
      'release greeter',
      'release mailer',
      'unsubscribe mail.wanted',
      'close stub',
      'close other',
    ]);
    expect(await failed).toMatchObject({ code: 'Unavailable', executed: 'maybe' });
    expect(clock.pending).toBe(0);
    gate.resolve();
  });

  test('takes no further call from its first moment on', async () => {
    const { journal, transport, server } = setUp();
    server.serve(servedService());
    await server.start(signalOf());
    const gate = deferred();
    journal.before.set('release greeter', () => gate.promise);
    const closing = server.close();
    const failed = failureOf(serve(handlerOf(transport)));
    gate.resolve();
    await closing;
    expect(await failed).toMatchObject({ code: 'Unavailable', executed: 'no' });
  });

  test('a second time waits for the first', async () => {
    const { journal, clock, server } = setUp();
    server.serve(servedService());
    await server.start(signalOf());
    const gate = deferred();
    journal.before.set('close stub', () => gate.promise);
    const closed = vi.fn();
    const closing = [server.close().then(closed), server.close().then(closed)];
    await clock.advance(0);
    expect(closed).not.toHaveBeenCalled();
    gate.resolve();
    await Promise.all(closing);
  });

  test('goes on past a part that cannot be closed, and says so at the end', async () => {
    const { journal, server } = setUp({ overTcp: true });
    server.serve(mailer);
    await server.start(signalOf());
    journal.steps.length = 0;
    const error = new Error('stuck');
    journal.before.set('unsubscribe mail.wanted', () => Promise.reject(error));
    await expect(server.close()).rejects.toBe(error);
    expect(journal.steps).toEqual(['release mailer', 'unsubscribe mail.wanted', 'close stub', 'close other']);
    // Its port, which comes last, is free again.
    const other = setUp({ overTcp: true, options: { listen: server.address?.listen ?? '' } });
    other.server.serve(mailer);
    await other.server.start(signalOf());
    servers.splice(servers.indexOf(server), 1);
  });

  test('before a start is fine, and there is none afterwards', async () => {
    const { journal, server } = setUp();
    server.serve(servedService());
    await server.close();
    expect(await failureOf(server.start(signalOf()))).toMatchObject({
      code: 'FailedPrecondition',
      rawMessage: 'server.start() was called while the server is closed',
    });
    expect(journal.steps).toEqual([]);
  });
});
