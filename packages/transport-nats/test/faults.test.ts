import { eventually, FreezableRelay } from '@tenon/conformance';
import type { ServiceError } from '@tenon/contract';
import { FaultProxy } from '@tenon/testing/fault-proxy';
import { afterEach, describe, expect, test } from 'vitest';
import { newTransport, nodeOf, portOf } from './fixture.js';
import { call, count, failureOf, Stage, TestHandler } from './stage.js';

const stage = new Stage();
const soon = { withinMs: 10_000 };
const never = new AbortController().signal;

afterEach(() => stage.end());

const ended = (error: ServiceError) => [error.code, error.executed];

/** A server with a node behind a relay of its own. */
async function behindRelay() {
  const server = await stage.server();
  const relay = await FreezableRelay.to('127.0.0.1', server.port);
  let isOpen = true;
  const cut = async () => {
    if (isOpen) await relay.close();
    isOpen = false;
  };
  stage.onEnd(cut);
  const node = await stage.node(relay.address);
  return { server, relay, cut, node, connection: await stage.dial(server, node) };
}

describe('a node', () => {
  test('that is killed is noticed: calls under way are perhaps executed, new ones certainly not', async () => {
    const { cut, node, connection } = await behindRelay();
    const held = failureOf(call(connection, 'Hold'));
    const { messages } = await count(connection);
    const streamed = failureOf(
      (async () => {
        for await (const _message of messages ?? []) await new Promise((resolve) => setImmediate(resolve));
      })(),
    );
    await eventually(() => expect(node.handler.holding).toBe(1), soon);
    await cut();
    expect(ended(await held)).toEqual(['Unavailable', 'maybe']);
    expect(ended(await streamed)).toEqual(['Unavailable', 'maybe']);
    expect(ended(await failureOf(call(connection, 'Echo')))).toEqual(['Unavailable', 'no']);
  });

  test('that is frozen is noticed after three questions, by the call and by who asks', async () => {
    const { relay, node, connection } = await behindRelay();
    const held = failureOf(call(connection, 'Hold'));
    await eventually(() => expect(node.handler.holding).toBe(1), soon);
    relay.freeze();
    const error = await held;
    expect(ended(error)).toEqual(['Unavailable', 'maybe']);
    expect(error.message).toContain('nothing was heard of the node');
    expect(await connection.probe?.(200)).toBe(false);
  });

  test('whose caller is frozen lets go of its calls', async () => {
    const server = await stage.server();
    const relay = await FreezableRelay.to('127.0.0.1', server.port);
    stage.onEnd(() => relay.close());
    const node = await stage.node(server);
    const connection = await stage.dial(relay.address, node);
    const held = failureOf(call(connection, 'Hold'));
    await eventually(() => expect(node.handler.holding).toBe(1), soon);
    relay.freeze();
    await eventually(() => expect(node.handler.cancels).toHaveLength(1), soon);
    expect(node.handler.cancels[0]?.message).toContain('nothing was heard of the caller');
    expect(ended(await held)).toEqual(['Unavailable', 'maybe']);
  });

  test('that lost its connection for a moment says which calls it forgot', async () => {
    const server = await stage.server();
    const { node, connection } = await withOwnLink(server.port);
    const held = failureOf(call(connection, 'Hold'));
    await eventually(() => expect(node.handler.holding).toBe(1), soon);
    await node.reset();
    const error = await held;
    expect(ended(error)).toEqual(['Unavailable', 'maybe']);
    await eventually(async () => expect((await call(connection, 'Echo', 1)).value).toBe(1), soon);
  });

  test('that drains tells its callers, finishes what runs, and is not called any more', async () => {
    const server = await stage.server();
    const node = await stage.node(server);
    // It would learn it by asking, too.
    const connection = await stage.dial(server, node, { signIntervalMs: 60_000 });
    const held = call(connection, 'Hold');
    await eventually(() => expect(node.handler.holding).toBe(1), soon);
    const drained = node.listener.drain(never);
    await eventually(() => expect(connection.ended).toBe(true), soon);
    const refused = await failureOf(call(connection, 'Echo'));
    expect([...ended(refused), refused.refusal]).toEqual(['Unavailable', 'no', 'draining']);
    node.handler.release();
    expect((await held).value).toBe('held');
    await drained;
    expect(node.handler.received).toHaveLength(1);
    const late = await stage.dial(server, node);
    await eventually(() => expect(late.ended).toBe(true), soon);
    await node.listener.close();
    const error = await failureOf(stage.dial(server, node));
    expect(ended(error)).toEqual(['Unavailable', 'no']);
    expect(error.message).toContain('nobody listens on tenon.node.');
  });
});

/** A node whose way to the server can be broken for a moment. */
async function withOwnLink(port: number) {
  const proxy = await FaultProxy.start({ host: '127.0.0.1', port });
  stage.onEnd(() => proxy.close());
  const node = await stage.node(proxy.address);
  const connection = await stage.dial(`127.0.0.1:${port}`, node);
  return { node: { ...node, reset: async () => proxy.reset() }, connection };
}

describe('the server', () => {
  test('that dies takes the calls under way with it, and everybody is back once it is', async () => {
    const server = await stage.server();
    // Both sides hear of it from their own connection, and need no silence to tell.
    const patient = { signIntervalMs: 60_000 };
    const node = await stage.node(server, patient);
    const connection = await stage.dial(server, node, patient);
    const stranger = await stage.stranger(server);
    const held = failureOf(call(connection, 'Hold'));
    await eventually(() => expect(node.handler.holding).toBe(1), soon);
    await server.kill();
    expect(ended(await held)).toEqual(['Unavailable', 'maybe']);
    await eventually(() => expect(node.handler.cancels).toHaveLength(1), soon);
    expect(ended(await failureOf(call(connection, 'Echo')))).toEqual(['Unavailable', 'no']);
    const dial = stage.dial(server, node);
    expect(ended(await failureOf(dial))).toEqual(['Unavailable', 'no']);
    await server.restart();
    await eventually(async () => expect((await call(connection, 'Echo', 1)).value).toBe(1), soon);
    await eventually(
      async () => expect((await stranger.request('probe.Probe.Echo', '2', { timeout: 500 })).json()).toBe(2),
      soon,
    );
  });

  test('that cannot be reached is said at start, with its address, and nothing is left', async () => {
    const transport = newTransport({ servers: ['127.0.0.1:1'], connectTimeoutMs: 500 });
    const error = await failureOf(transport.start(never));
    expect(ended(error)).toEqual(['Unavailable', 'no']);
    expect(error.message).toContain('127.0.0.1:1');
    const unstarted = await failureOf(transport.listen(portOf('one'), new TestHandler('one')));
    expect(ended(unstarted)).toEqual(['Unavailable', 'no']);
    await transport.close();
  });

  test('that wants a password says so', async () => {
    const server = await stage.server({ args: ['--user', 'ada', '--pass', 'x'] });
    const refused = newTransport({ servers: [server.address], username: 'ada', password: 'y' });
    expect(ended(await failureOf(refused.start(never)))).toEqual(['Unauthenticated', 'no']);
    await refused.close();
    const node = await stage.node(server, { username: 'ada', password: 'x' });
    expect(node.listener.address).toMatch(/^nats:tenon\.node\./);
  });
});

test('a request over the limit of the node is refused before it is sent, with both sizes', async () => {
  const server = await stage.server();
  const transport = await stage.transport(server);
  const handler = new TestHandler('small');
  const listener = await transport.listen(portOf('small', 10_000), handler);
  const connection = await (await stage.transport(server)).dial(nodeOf(listener), { service: 'probe' });
  const error = await failureOf(call(connection, 'Echo', 'x'.repeat(20_000)));
  expect(ended(error)).toEqual(['ResourceExhausted', 'no']);
  expect(error.message).toMatch(/a message of 20003 bytes is over the limit of 10000/);
  expect(handler.received).toHaveLength(0);
});

test('a message larger than max_payload is parted and joined, both ways', async () => {
  const server = await stage.server({ config: 'max_payload: 4096' });
  const node = await stage.node(server);
  const connection = await stage.dial(server, node);
  const text = Array.from({ length: 50_000 }, (_none, index) => String.fromCharCode(97 + (index % 26))).join('');
  const replies = await Promise.all(['1', '2', '3'].map((mark) => call(connection, 'Echo', text + mark)));
  expect(replies.map(({ value }) => value === undefined || String(value).slice(-1))).toEqual(['1', '2', '3']);
  expect(replies[0]?.value).toBe(`${text}1`);
});
