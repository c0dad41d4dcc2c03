import { Svcm } from '@nats-io/services';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NatsServer } from '../../../test/nats-server/nats-server.js';
import { call, Stage, type TestNode } from './stage.js';

const stage = new Stage();
let server: NatsServer;
let node: TestNode;
let stranger: NatsConnection;

beforeEach(async () => {
  server = await stage.server();
  node = await stage.node(server);
  stranger = await stage.stranger(server);
});

afterEach(() => stage.end());

/** The stock client of NATS's service protocol; it was written against another copy of the same library. */
function services() {
  return new Svcm(stranger as unknown as ConstructorParameters<typeof Svcm>[0]).client({
    strategy: 'stall',
    maxWait: 2_000,
    stall: 300,
  } as never);
}

async function all<T>(asked: Promise<AsyncIterable<T>>): Promise<readonly T[]> {
  const answers: T[] = [];
  for await (const answer of await asked) answers.push(answer);
  return answers;
}

const ask = (subject: string, body: string, fields?: ReturnType<typeof headers>) =>
  stranger.request(subject, body, { timeout: 5_000, ...(fields === undefined ? {} : { headers: fields }) });

describe('@nats-io/services', () => {
  test('finds every node of a service, by everything, by name and by id', async () => {
    const other = await stage.node(server);
    const ids = (answers: readonly { readonly id: string }[]) => answers.map(({ id }) => id).sort();
    const both = [node.handler.id, other.handler.id].sort();
    expect(ids(await all(services().ping()))).toEqual(both);
    expect(ids(await all(services().ping('probe')))).toEqual(both);
    expect(await all(services().ping('probe', node.handler.id))).toEqual([
      { type: 'io.nats.micro.v1.ping_response', name: 'probe', id: node.handler.id, version: '1.2.3', metadata: {} },
    ]);
  });

  test('is told the endpoints, their subjects and schemas, and no subscribers to events', async () => {
    const [info] = await all(services().info('probe'));
    expect(info).toMatchObject({ type: 'io.nats.micro.v1.info_response', name: 'probe', description: '' });
    const endpoint = (name: string, metadata: object = {}) => ({
      name: `Probe-${name}`,
      subject: `probe.Probe.${name}`,
      queue_group: 'q',
      metadata,
    });
    expect(info?.endpoints).toEqual([
      endpoint('Echo', { 'request-schema': '{"type":"string"}' }),
      endpoint('Hold'),
      endpoint('Fail'),
      endpoint('Count', { stream: 'true', 'stream-kind': 'server' }),
    ]);
  });

  test("is told how many calls there were, of strangers and of Tenon's own, and how long they took", async () => {
    await ask('probe.Probe.Echo', '"hi"');
    await call(await stage.dial(server, node), 'Echo', 'hi');
    await ask('probe.Probe.Fail', '');
    const [stats] = await all(services().stats('probe'));
    expect(Date.parse(stats?.started ?? '')).toBeGreaterThan(0);
    const [echo, hold, fail] = stats?.endpoints ?? [];
    expect(echo).toMatchObject({ name: 'Probe-Echo', num_requests: 2, num_errors: 0, last_error: '' });
    expect(echo?.processing_time).toBeGreaterThan(0);
    expect(echo?.average_processing_time).toBe(Math.round((echo?.processing_time ?? 0) / 2));
    expect(hold).toMatchObject({ num_requests: 0, average_processing_time: 0 });
    expect(fail).toMatchObject({ num_requests: 1, num_errors: 1 });
    expect(fail?.last_error).toContain('404:[NotFound] no order 42');
  });
});

describe('a stranger', () => {
  test('calls by JSON and is answered by JSON, with its headers as metadata', async () => {
    const fields = headers();
    fields.set('X-Request-Id', 'r-1');
    const answer = await ask('probe.Probe.Echo', '{"name":"Zoë"}', fields);
    expect(answer.json()).toEqual({ name: 'Zoë' });
    expect(answer.headers?.get('Content-Type')).toBe('application/json');
    expect(answer.headers?.get('x-request-id')).toBe('r-1');
    const [received] = node.handler.received;
    expect(received).toMatchObject({ service: 'probe', kind: 'unary', node: node.handler.id });
    expect({ ...received?.metadata }).toEqual({ 'x-request-id': 'r-1' });
  });

  test('gets an error in two headers, each one line, and whole as JSON', async () => {
    const answer = await ask('probe.Probe.Fail', '{}');
    expect(answer.headers?.get('Nats-Service-Error')).toBe('[NotFound] no order 42 X: y');
    expect(answer.headers?.get('Nats-Service-Error-Code')).toBe('404');
    expect(answer.headers?.keys().sort()).toEqual(['Content-Type', 'Nats-Service-Error', 'Nats-Service-Error-Code']);
    expect(answer.json()).toEqual({
      code: 'NotFound',
      message: 'no order 42\r\nX: y',
      executed: 'yes',
      details: { order: 42 },
    });
  });

  test.each([
    ['probe.Probe.Echo', '{"half', undefined, '400', 'InvalidArgument'],
    ['probe.Probe.Echo', '1', 'application/x-nobodys', '400', 'InvalidArgument'],
    ['probe.Probe.Count', '{}', undefined, '501', 'Unimplemented'],
  ])('is refused on %s with %s', async (subject, body, contentType, status, code) => {
    const fields = headers();
    if (contentType !== undefined) fields.set('Content-Type', contentType);
    const answer = await ask(subject, body, fields);
    expect(answer.headers?.get('Nats-Service-Error-Code')).toBe(status);
    expect(answer.json()).toMatchObject({ code, executed: 'no' });
  });

  test('that sends nothing asks for nothing in particular', async () => {
    expect((await ask('probe.Probe.Echo', '')).json()).toEqual({});
  });

  test('gets an error for a reply that no message of the server can carry', async () => {
    const node1 = await stage.server({ config: 'max_payload: 32768' });
    await stage.node(node1);
    const other = await stage.stranger(node1);
    const text = JSON.stringify('x'.repeat(20_000));
    const answer = await other.request('probe.Probe.Echo', text, { timeout: 10_000 });
    expect(answer.headers?.get('Nats-Service-Error-Code')).toBe('429');
    expect(answer.headers?.get('Nats-Service-Error')).toContain('over the limit of 16384');
  });

  test('that wants no answer is not served: it has mistaken the subject for a topic', async () => {
    stranger.publish('probe.Probe.Echo', '1');
    await ask('probe.Probe.Echo', '2');
    expect(node.handler.received).toHaveLength(1);
  });

  test('is told on the subject of a node that frames belong there', async () => {
    const answer = await ask(node.listener.address.slice('nats:'.length), 'hello');
    expect(answer.headers?.get('Nats-Service-Error-Code')).toBe('400');
    expect(answer.headers?.get('Nats-Service-Error')).toContain('call SERVICE.ENDPOINT instead');
    expect(node.handler.received).toHaveLength(0);
  });
});

test('calls of strangers are shared between the nodes of a service', async () => {
  const other = await stage.node(server);
  await Promise.all(Array.from({ length: 100 }, (_none, turn) => ask('probe.Probe.Echo', String(turn))));
  const served = [node, other].map(({ handler }) => handler.received.length);
  expect(Math.min(...served)).toBeGreaterThan(5);
  expect(served[0] ?? 0).toBe(100 - (served[1] ?? 0));
});

test('a node that drains leaves the queue group first, and serves what was on its way to it', async () => {
  for (let round = 0; round < 10; round += 1) {
    const leaving = await stage.node(server);
    const asked = Promise.all(Array.from({ length: 200 }, (_none, turn) => ask('probe.Probe.Echo', String(turn))));
    // Some of them are in the server, some between it and the node.
    const drained = leaving.listener.drain(new AbortController().signal);
    const answers = await asked;
    expect(answers.map((answer) => answer.json())).toEqual(answers.map((_none, turn) => turn));
    await drained;
    const before = leaving.handler.received.length;
    await Promise.all(Array.from({ length: 20 }, (_none, turn) => ask('probe.Probe.Echo', String(turn))));
    expect(leaving.handler.received).toHaveLength(before);
  }
});

test('a node without micro is not to be found by strangers', async () => {
  const alone = await stage.server();
  const hidden = await stage.node(alone, { micro: false });
  const other = await stage.stranger(alone);
  await expect(other.request('probe.Probe.Echo', '1', { timeout: 5_000 })).rejects.toThrow(/no responders/);
  await expect(other.request('$SRV.PING', '', { timeout: 5_000 })).rejects.toThrow(/no responders/);
  expect((await call(await stage.dial(alone, hidden), 'Echo', 1)).value).toBe(1);
});
