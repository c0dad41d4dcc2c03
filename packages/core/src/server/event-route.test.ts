import { jsonCodec } from '@tenon/codec-json';
import {
  type Codec,
  type Intercept,
  type InterceptedCall,
  noMetadata,
  type Provider,
  ServiceError,
  Unprocessable,
} from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test, vi } from 'vitest';
import { controllersMadeIn } from '../../test/controllers-made-in.js';
import { deferred } from '../../test/deferred.js';
import { servedSubscription } from '../../test/greeter.js';
import { deliveryOf } from '../../test/journalled-parts.js';
import { HelloRequest, NameValidator } from '../../test/name-validator.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { type CallContext, callContext } from '../context/index.js';
import { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { EventRoute } from './event-route.js';

interface Setting {
  readonly early?: readonly Intercept[];
  readonly server?: readonly Intercept[];
  readonly used?: readonly Intercept[];
}

function setUp(handle: (event: unknown) => unknown, { early = [], server = [], used = [] }: Setting = {}) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const codec = ((jsonCodec() as Provider<Codec>).create as () => Codec)();
  const subscription = servedSubscription(handle, { event: HelloRequest, interceptors: used });
  const schemas = new CompiledSchemas(new NameValidator());
  const parts = { codecs: new CodecSet([codec]), schemas, early, server, clock, logger };
  return { clock, logger, route: new EventRoute('greeter', 'n1', subscription, parts) };
}

describe('an event', () => {
  test('is decoded, validated and handed over, with a context of its own', async () => {
    const seen: unknown[] = [];
    const { clock, logger, route } = setUp(async (event) => {
      await Promise.resolve();
      const { service, endpoint, node, metadata, peer, deadline, requestId } = callContext();
      seen.push(event, { service, endpoint, node, metadata, peer, deadline, requestId });
    });
    await route.handle(deliveryOf({ name: 'Ada' }, { metadata: { 'x-request-id': 'r-7' } }));
    expect(seen).toEqual([
      expect.any(HelloRequest),
      {
        service: 'greeter',
        endpoint: 'user.created',
        node: 'n1',
        metadata: { 'x-request-id': 'r-7' },
        peer: undefined,
        deadline: Number.POSITIVE_INFINITY,
        requestId: 'r-7',
      },
    ]);
    expect([logger.lines, clock.pending]).toEqual([[], 0]);
  });

  test('is not handled before its handler’s promise is kept, of whatever kind it is', async () => {
    const done = deferred();
    const then = vi.fn((...both: Parameters<Promise<void>['then']>) => done.promise.then(...both));
    const query = { then };
    const { route } = setUp(() => query);
    let isHandled = false;
    const handling = route.handle(deliveryOf({ name: 'Ada' })).then(() => {
      isHandled = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([then.mock.calls.length, isHandled]).toEqual([1, false]);
    done.resolve();
    await handling;
    expect(isHandled).toBe(true);
  });

  test('passes the interceptors in order, the first outermost, each seeing it as the one before left it', async () => {
    const seen: [string, InterceptedCall][] = [];
    const marked =
      (mark: string): Intercept =>
      (call, next) => {
        seen.push([mark, call]);
        return next({ ...call, metadata: { ...call.metadata, [mark]: '1' } });
      };
    const change: Intercept = (call, next) => next({ ...call, value: 'changed' });
    const handle = vi.fn();
    const setting = { early: [marked('e')], server: [marked('s')], used: [marked('u'), change] };
    await setUp(handle, setting).route.handle(deliveryOf({ name: 'Ada' }));
    expect(seen).toMatchObject([
      ['e', { side: 'server', kind: 'event', service: 'greeter', endpoint: 'user.created', value: undefined }],
      ['s', { kind: 'event', value: { name: 'Ada' }, metadata: { e: '1' } }],
      ['u', { kind: 'event', value: { name: 'Ada' }, metadata: { e: '1', s: '1' } }],
    ]);
    expect(handle.mock.calls).toEqual([['changed']]);
  });

  test('makes no controller unless somebody looks at its signal', async () => {
    const through: Intercept = (call, next) => next(call);
    const { route } = setUp(() => {}, { early: [through], server: [through] });
    expect(await controllersMadeIn(() => route.handle(deliveryOf({ name: 'Ada' })))).toBe(0);
  });

  test('that an interceptor keeps is handled', async () => {
    const handle = vi.fn();
    const keep: Intercept = async () => ({ value: undefined, metadata: noMetadata });
    await setUp(handle, { server: [keep] }).route.handle(deliveryOf({ name: 'Ada' }));
    expect(handle).not.toHaveBeenCalled();
  });
});

describe('an event that is not handled', () => {
  const odd: Intercept = () => {
    throw new TypeError('odd');
  };

  test.each([
    ['because its content type is unknown', {}, deliveryOf({}, { contentType: 'text/odd' }), 'text/odd'],
    ['because its bytes are malformed', {}, deliveryOf({}, { body: Buffer.from('{') }), 'InvalidArgument'],
    ['because it breaks a rule', {}, deliveryOf({ name: 7 }), 'name must be a string'],
    ['because an early interceptor fails', { early: [odd] }, deliveryOf({ name: 'Ada' }), 'odd'],
    ['because an interceptor fails', { server: [odd] }, deliveryOf({ name: 'Ada' }), 'odd'],
  ])('%s is refused to the broker, is logged, and does not reach the handler', async (why, setting, delivery, text) => {
    const handle = vi.fn();
    const { logger, route } = setUp(handle, setting);
    await expect(route.handle(delivery)).rejects.toThrow(text);
    await expect(route.handle(delivery).catch((thrown: unknown) => thrown instanceof Unprocessable)).resolves.toBe(
      why !== 'because an early interceptor fails' && why !== 'because an interceptor fails',
    );
    expect(handle).not.toHaveBeenCalled();
    expect(logger.lines).toMatchObject(Array(2).fill({ level: 'error', message: 'an event was not handled' }));
  });

  test('because of its handler is logged with all that finds it again, and rejected with the same error', async () => {
    const error = new Error('no');
    const { logger, route } = setUp(() => Promise.reject(error));
    const delivery = { ...deliveryOf({ name: 'Ada' }, { metadata: { 'x-request-id': 'r-7' } }), attempt: 3 };
    await expect(route.handle(delivery)).rejects.toBe(error);
    const where = { subscriber: 'Greeter.onUserCreated', topic: 'user.created', id: 'm1' };
    expect(logger.lines).toEqual([
      {
        level: 'error',
        message: 'an event was not handled',
        fields: { ...where, attempt: 3, requestId: 'r-7', error },
      },
    ]);
  });
});

describe('at shutdown', () => {
  const reason = new ServiceError('Unavailable', 'the node was shut down');

  test('the signals of the handlers that run are aborted, and no others', async () => {
    const contexts: CallContext[] = [];
    const gate = deferred();
    const { clock, route } = setUp(() => {
      contexts.push(callContext());
      return contexts.length === 1 ? undefined : gate.promise;
    });
    await route.handle(deliveryOf({ name: 'Ada' }));
    const running = route.handle(deliveryOf({ name: 'Eve' }));
    await clock.advance(0);
    route.cancelAll(reason);
    expect(contexts.map(({ signal }) => signal.reason)).toEqual([undefined, reason]);
    gate.resolve();
    await running;
  });

  test('a handler that had not begun never begins', async () => {
    const gate = deferred();
    const handle = vi.fn();
    const slow: Intercept = async (call, next) => {
      await gate.promise;
      return next(call);
    };
    const { route } = setUp(handle, { server: [slow] });
    const handled = route.handle(deliveryOf({ name: 'Ada' }));
    route.cancelAll(reason);
    gate.resolve();
    await expect(handled).rejects.toBe(reason);
    expect(handle).not.toHaveBeenCalled();
  });
});
