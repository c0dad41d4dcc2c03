import { type Message, type Server, ServiceError, Unprocessable } from '@tenon/contract';
import { afterEach, expect, test, vi } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { servedService, servedSubscription } from '../../test/greeter.js';
import { deliveryOf, handlerOf } from '../../test/journalled-parts.js';
import { serverOf, signalOf } from '../../test/server-under-test.js';

const servers: Server[] = [];
const { message } = deliveryOf({ name: 'Ada' });

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A started server with these subscriptions to `user.created`, as its transports see it. */
async function delivering(...handlers: readonly ((event: unknown) => unknown)[]) {
  const { server, transport } = serverOf();
  servers.push(server);
  const subscriptions = handlers.map((handle) => servedSubscription(handle));
  const pattern = servedSubscription(handlers[0] ?? (() => {}), { topic: 'order.*' });
  server.serve(servedService({ subscriptions: [...subscriptions, pattern] }));
  await server.start(signalOf());
  const handler = handlerOf(transport);
  const deliver = (topic: string, changes: Partial<Message> = {}) =>
    handler.deliver?.(topic, { ...message, ...changes }) ?? Promise.reject(new Error('nothing is delivered'));
  return { server, deliver };
}

test('an event that comes as a request goes to each subscription of its topic, and to patterns', async () => {
  const first = vi.fn();
  const second = vi.fn();
  const { deliver } = await delivering(first, second);
  await deliver('user.created');
  expect([first.mock.calls, second.mock.calls]).toEqual([[[{ name: 'Ada' }]], [[{ name: 'Ada' }]]]);
  await deliver('order.placed');
  expect(first).toHaveBeenCalledTimes(2);
});

test('its sender hears the first failure when all were asked', async () => {
  const last = vi.fn();
  const refuse = () => {
    throw new ServiceError('FailedPrecondition', 'not now');
  };
  const { deliver } = await delivering(refuse, last);
  expect(await failureOf(() => deliver('user.created'))).toMatchObject({ code: 'FailedPrecondition' });
  expect(last).toHaveBeenCalledTimes(1);
});

test.each([
  ['a plain error', new Error('password=1'), 'Internal', 'the event was not handled'],
  ['what cannot be handled', new Unprocessable('no such user'), 'InvalidArgument', 'no such user'],
] as const)('of %s it hears no more than it may', async (_what, thrown, code, rawMessage) => {
  const { deliver } = await delivering(() => Promise.reject(thrown));
  expect(await failureOf(() => deliver('user.created'))).toMatchObject({ code, rawMessage });
});

test('bytes that cannot be read, and a type without a codec, are the fault of the sender', async () => {
  const { deliver } = await delivering(() => {});
  for (const changes of [{ body: Buffer.from('{') }, { contentType: 'application/xml' }]) {
    expect(await failureOf(() => deliver('user.created', changes))).toMatchObject({ code: 'InvalidArgument' });
  }
});

test('nobody subscribed is an error, and so is a server that drains', async () => {
  const { server, deliver } = await delivering(() => {});
  expect(await failureOf(() => deliver('nobody.cares'))).toMatchObject({ code: 'NotFound', executed: 'no' });
  await server.drain(signalOf());
  expect(await failureOf(() => deliver('user.created'))).toMatchObject({ code: 'Unavailable', refusal: 'draining' });
});
