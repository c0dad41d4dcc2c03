import { testCancellation } from '@tenon/conformance';
import {
  type Call,
  type EndpointKind,
  noMetadata,
  type Reply,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { callOf } from '../../test/call-of.js';
import { controllersMadeIn } from '../../test/controllers-made-in.js';
import { deferred } from '../../test/deferred.js';
import { type DispatcherSetting, dispatcherOf } from '../../test/dispatcher-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { collected, FedMessages } from '../../test/fed-messages.js';
import { hello } from '../../test/greeter.js';
import { callContext } from '../context/index.js';
import { LocalConnection } from './local-connection.js';
import { LocalServices } from './local-services.js';
import { type Passage, passageOf } from './passage.js';

const node = { id: 'n1', address: '127.0.0.1:1', metadata: noMetadata };

function recordOf(version = '1.0.0', nodes = [node]): ServiceRecord {
  return { name: 'greeter', version, metadata: noMetadata, endpoints: [], nodes };
}

/** A caller and a handler of one process. */
function setUp(setting: DispatcherSetting = {}, passage: Passage = passageOf('copy', [])) {
  const { kind = 'unary' } = setting;
  const all = dispatcherOf(setting);
  const services = new LocalServices();
  services.serve(all.dispatcher, [recordOf()]);
  const cancellation = testCancellation();
  const local = new LocalConnection(services, passage);
  const carried = (made: Call): Promise<Reply> =>
    new Promise((onReply, onFailure) => local.send(made, node, all.clock.now(), { onReply, onFailure }));
  const call = (changes: Partial<Call> = {}): Call =>
    callOf({ endpoint: { ...hello, kind }, deadline: Number.POSITIVE_INFINITY, cancellation, ...changes });
  return { ...all, services, cancellation, carried, call };
}

const endless = async function* (steps: string[]) {
  try {
    for (let n = 1; ; n += 1) yield n;
  } finally {
    steps.push('left');
  }
};

describe('a call within one process', () => {
  test('is served as any other, by the node that was meant, and says that it is local', async () => {
    const { carried, call, cancellation } = setUp({
      handle: (request) => {
        const { peer, node: own, metadata } = callContext();
        callContext().setReplyMetadata('x-b', '2');
        return { request, peer, own, metadata };
      },
    });
    const reply = await carried(call({ metadata: { 'x-a': '1' } }));
    expect(reply).toEqual({
      value: {
        request: { name: 'Ada' },
        peer: { address: 'local', transport: 'local' },
        own: 'n1',
        metadata: { 'x-a': '1' },
      },
      metadata: { 'x-b': '2' },
    });
    expect(cancellation.listening).toBe(0);
  });

  test('is validated, and fails as any other', async () => {
    const { carried, call, cancellation } = setUp({
      handle: () => Promise.reject(new ServiceError('NotFound', 'no such name')),
    });
    expect(await failureOf(carried(call({ value: { name: 7 } })))).toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
    });
    expect(await failureOf(carried(call()))).toMatchObject({ code: 'NotFound', executed: 'yes' });
    expect(cancellation.listening).toBe(0);
  });

  test('does not hand over what cannot be carried, either way', async () => {
    const { carried, call } = setUp({ handle: () => () => {} });
    expect(await failureOf(carried(call({ value: () => {} })))).toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
    });
    expect(await failureOf(carried(call()))).toMatchObject({ code: 'Internal', executed: 'yes' });
  });

  test('makes no controller', async () => {
    const { carried, call } = setUp({ handle: async () => 'hi' });
    expect(await controllersMadeIn(() => carried(call()))).toBe(0);
  });

  test('ends where its caller cancels, which the handler feels', async () => {
    const gate = deferred();
    const signals: AbortSignal[] = [];
    const { carried, call, cancellation, dispatcher } = setUp({
      handle: () => {
        signals.push(callContext().signal);
        return gate.promise;
      },
    });
    const failed = failureOf(carried(call()));
    expect(cancellation.listening).toBe(1);
    cancellation.cancel();
    expect(await failed).toMatchObject({ code: 'Canceled', executed: 'maybe' });
    expect([signals.map(({ aborted }) => aborted), cancellation.listening]).toEqual([[true], 0]);
    gate.resolve();
    await dispatcher.drain();
  });

  test('ends also where its caller cancels while it is handed over', async () => {
    const gate = deferred();
    const cancellation = testCancellation();
    const { carried, call, dispatcher } = setUp({
      handle: () => {
        cancellation.cancel();
        return gate.promise;
      },
    });
    expect(await failureOf(carried(call({ cancellation })))).toMatchObject({ code: 'Canceled' });
    gate.resolve();
    await dispatcher.drain();
  });

  test('is refused once the server has stopped', async () => {
    const { carried, call, services } = setUp();
    services.stop();
    expect(await failureOf(carried(call()))).toMatchObject({ code: 'Unavailable', executed: 'no' });
  });
});

describe('a stream within one process', () => {
  test('carries its messages one by one as they are asked for, of both ways', async () => {
    const requests = new FedMessages().push({ name: 'Ada' }, { name: 'Eve' }).end();
    const { carried, call } = setUp({ kind: 'bidi', handle: (messages) => messages });
    const { messages } = await carried(call({ value: undefined, messages: requests }));
    expect(requests.pulls).toBe(1);
    expect(await collected(messages)).toEqual([{ name: 'Ada' }, { name: 'Eve' }]);
  });

  test('can be cancelled until its end, and leaves no listener then', async () => {
    for (const end of ['cancel', 'leave', 'end'] as const) {
      const steps: string[] = [];
      const replies = end === 'end' ? new FedMessages().push(1).end() : endless(steps);
      const { carried, call, cancellation, dispatcher } = setUp({ kind: 'server', handle: () => replies });
      const { messages } = await carried(call());
      const iterator = messages?.[Symbol.asyncIterator]();
      await iterator?.next();
      expect(cancellation.listening).toBe(1);
      if (end === 'leave') await iterator?.return?.();
      else if (end === 'end') await iterator?.next();
      else {
        cancellation.cancel();
        expect(await failureOf(async () => iterator?.next())).toMatchObject({ code: 'Canceled', executed: 'maybe' });
      }
      await dispatcher.drain();
      expect([steps, cancellation.listening]).toEqual([end === 'end' ? [] : ['left'], 0]);
    }
  });

  test('whose requests fail is given up, for that reason', async () => {
    const requests = new FedMessages().push({ name: 'Ada' }).fail(new Error('my disk is full'));
    const handle = (messages: unknown) => collected(messages as AsyncIterable<unknown>);
    const { carried, call, dispatcher } = setUp({ kind: 'client', handle });
    expect(await failureOf(carried(call({ messages: requests })))).toMatchObject({
      code: 'Canceled',
      cause: { message: 'my disk is full' },
    });
    await dispatcher.drain();
  });

  test('ends with a message that cannot be carried, and its handler is left', async () => {
    const replies = new FedMessages().push(1, () => {}, 3);
    const { carried, call, dispatcher } = setUp({ kind: 'server', handle: () => replies });
    const { messages } = await carried(call());
    expect(await failureOf(collected(messages))).toMatchObject({ code: 'InvalidArgument' });
    await dispatcher.drain();
    expect([replies.pulls, replies.returns]).toEqual([2, 1]);
  });
});

describe('the services of an app', () => {
  test('are called here while its server serves them, the version added last, as far as filters leave it', () => {
    const services = new LocalServices();
    expect([services.handler, services.candidate('greeter', undefined)]).toEqual([undefined, undefined]);
    const { dispatcher } = dispatcherOf();
    const [first, second] = [recordOf('1.0.0'), recordOf('2.0.0', [{ ...node, id: 'n1-2' }])];
    services.serve(dispatcher, [first, second]);
    expect(services.handler).toBe(dispatcher);
    expect(services.candidate('greeter', undefined)).toEqual({ node: second.nodes[0], record: second });
    expect(services.candidate('greeter', [(all) => all.filter(({ record }) => record.version === '1.0.0')])).toEqual({
      node: first.nodes[0],
      record: first,
    });
    expect(services.candidate('greeter', [() => []])).toBeUndefined();
    expect(services.candidate('other', undefined)).toBeUndefined();
    services.stop();
    expect([services.handler, services.candidate('greeter', undefined)]).toEqual([undefined, undefined]);
  });

  test.each(['unary', 'server', 'client', 'bidi'] satisfies EndpointKind[])('of kind %s are served', async (kind) => {
    const streams = kind === 'server' || kind === 'bidi';
    const { carried, call } = setUp({ kind, handle: () => (streams ? new FedMessages().push(1).end() : 1) });
    const reply = await carried(call({ messages: new FedMessages().end() }));
    expect(streams ? await collected(reply.messages) : reply.value).toEqual(streams ? [1] : 1);
  });
});
