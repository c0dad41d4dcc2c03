import { headers, type NatsConnection } from '@nats-io/transport-node';
import { eventually } from '@tenon/conformance';
import type { Connection } from '@tenon/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NatsServer } from '../../../test/nats-server/nats-server.js';
import { framePart, frameTypes, headAndBody, headed, partsOf } from '../src/frame.js';
import { call, count, Stage, type TestNode } from './stage.js';

const stage = new Stage();
const soon = { withinMs: 10_000 };
let server: NatsServer;
let node: TestNode;
let connection: Connection;
let stranger: NatsConnection;
let subject: string;

beforeEach(async () => {
  server = await stage.server();
  node = await stage.node(server);
  connection = await stage.dial(server, node);
  stranger = await stage.stranger(server);
  subject = node.listener.address.slice('nats:'.length);
});

afterEach(() => stage.end());

/** What the node answers, as a frame. */
async function answerTo(token: string, ...messages: readonly Uint8Array[]) {
  const inbox = `_INBOX.${crypto.randomUUID().replaceAll('-', '')}.1`;
  const answers = stranger.subscribe(`${inbox}.>`, { max: 1 });
  for (const message of messages) stranger.publish(subject, message, { reply: `${inbox}.${token}` });
  for await (const { data } of answers) {
    const frame = framePart(data) ?? expect.fail('the answer is no frame');
    return { type: frame.type, ...headAndBody(frame.content) };
  }
  throw new Error('no answer');
}

const opening = (head: object, body = Buffer.from('1')) => [
  ...partsOf(frameTypes.open, headed(head, body), 1_024 ** 2),
];
const whole = { service: 'probe', endpoint: 'Probe.Echo', kind: 'unary', contentType: 'application/json' };

test('a frame that is written by hand is served', async () => {
  expect(await answerTo('1o', ...opening(whole))).toMatchObject({ type: frameTypes.reply });
});

test.each([
  ['no service', { ...whole, service: undefined }],
  ['an endpoint that is no text', { ...whole, endpoint: 7 }],
  ['a kind that there is not', { ...whole, kind: 'octopus' }],
  ['no content type', { ...whole, contentType: undefined }],
  ['a content type of nobody', { ...whole, contentType: 'application/x-nobodys' }],
  ['a node that is no text', { ...whole, node: {} }],
  ['time that is no number', { ...whole, timeLeftMs: 'long' }],
  ['metadata that break a line', { ...whole, metadata: { a: 'b\r\nc: d' } }],
  ['metadata that are no text', { ...whole, metadata: { a: 1 } }],
  ['metadata that are null', { ...whole, metadata: null }],
])('an opening with %s is refused before the handler', async (_what, head) => {
  const { type, head: error } = await answerTo('1o', ...opening(head));
  expect(type).toBe(frameTypes.error);
  expect(error).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
  expect(node.handler.received).toHaveLength(0);
});

test('an opening over the limit is refused with the limit, and so is one whose parts never end', async () => {
  const body = Buffer.alloc(256 * 1_024 + 1, '1');
  const { head: tooLarge } = await answerTo('1o', ...opening(whole, body));
  expect(tooLarge).toMatchObject({ code: 'ResourceExhausted', executed: 'no' });
  expect(tooLarge['message']).toContain('over the limit of 262144');
  const endless = [...partsOf(frameTypes.open, headed(whole, Buffer.alloc(600_000)), 100_000)];
  const { head: error } = await answerTo('2o', ...endless);
  expect(error).toMatchObject({ code: 'ResourceExhausted', executed: 'no' });
  expect(node.handler.received).toHaveLength(0);
});

test('halves of openings are held within a bound, refused beyond it, and let go with their caller', async () => {
  const half = [...partsOf(frameTypes.open, headed(whole, Buffer.alloc(200_000)), 150_000)].slice(0, 1);
  const inbox = '_INBOX.half.1';
  const answers: unknown[] = [];
  stranger.subscribe(`${inbox}.>`, {
    callback: (_error, { data }) => {
      answers.push(headAndBody((framePart(data) as { content: Uint8Array }).content).head);
    },
  });
  for (let id = 1; id <= 60; id += 1) stranger.publish(subject, half[0], { reply: `${inbox}.${id}o` });
  await eventually(() => expect(answers.length).toBeGreaterThan(20), soon);
  expect(answers[0]).toMatchObject({ code: 'ResourceExhausted', executed: 'no', refusal: 'overloaded' });
  // The caller says nothing more: what it began is dropped, and there is room again.
  await eventually(async () => {
    const parts = [
      ...partsOf(frameTypes.open, headed(whole, Buffer.from(JSON.stringify('x'.repeat(200_000)))), 150_000),
    ];
    expect((await answerTo('1o', ...parts)).type).toBe(frameTypes.reply);
  }, soon);
});

test('a caller that sends more than it has credit for is refused, and its memory is bounded', async () => {
  const inbox = '_INBOX.eager.1';
  const answers: Record<string, unknown>[] = [];
  stranger.subscribe(`${inbox}.>`, {
    callback: (_error, { data }) => {
      const frame = framePart(data);
      if (frame?.type === frameTypes.error) answers.push(headAndBody(frame.content).head);
    },
  });
  const open = opening({ ...whole, endpoint: 'Probe.Hold', kind: 'client' }, Buffer.alloc(0));
  stranger.publish(subject, open[0], { reply: `${inbox}.1o` });
  const message = [...partsOf(frameTypes.message, Buffer.alloc(100_000), 1_024 ** 2)];
  for (let turn = 0; turn < 20; turn += 1) stranger.publish(subject, message[0], { reply: `${inbox}.1` });
  await eventually(() => expect(answers).toHaveLength(1), soon);
  expect(answers[0]).toMatchObject({ code: 'ResourceExhausted' });
  expect(answers[0]?.['message']).toContain('more messages than there was credit for');
  await eventually(() => expect(node.handler.cancels).toHaveLength(1), soon);
});

test('answers that nobody asked for change nothing, and those that cannot be read end their call alone', async () => {
  const [held, other] = [call(connection, 'Hold'), call(connection, 'Hold')];
  await eventually(() => expect(node.handler.holding).toBe(2), soon);
  const [first] = node.handler.received;
  const callerSubject = first?.peer.address.slice('nats:'.length) ?? '';
  const base = callerSubject.slice(0, callerSubject.lastIndexOf('.'));
  for (const token of ['p', '77', '77o', 'x', 'p.p', '']) {
    stranger.publish(`${base}.${token || 'y'}`, Buffer.from([1, 7, 0, 0, 0, 0, 2, 0x7b, 0x7d]));
    stranger.publish(`${base}.${token || 'y'}`, 'hello');
  }
  stranger.publish(callerSubject, Buffer.from([1, 7, 0, 0xff, 0xff, 0xff, 0xff]));
  const error = await held.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'Internal', executed: 'maybe' });
  node.handler.release();
  expect((await other).value).toBe('held');
  expect((await call(connection, 'Echo', 1)).value).toBe(1);
});

test('an answer that loops back to where it was asked goes round once', async () => {
  for (const loop of [subject, 'probe.Probe.Echo', '$SRV.PING']) {
    stranger.publish(subject, 'hello', { reply: loop });
    stranger.publish('probe.Probe.Echo', '1', { reply: loop });
    stranger.publish('$SRV.PING', '', { reply: loop });
  }
  await stranger.flush();
  expect((await call(connection, 'Echo', 1)).value).toBe(1);
  await stranger.flush();
  const before = node.handler.received.length;
  for (let turn = 0; turn < 5; turn += 1) await call(connection, 'Echo', turn);
  expect(node.handler.received).toHaveLength(before + 5);
});

test('50,000 messages of noise on every subject leave the node and its calls as they were', async () => {
  const { messages } = await count(connection);
  const stream = messages?.[Symbol.asyncIterator]();
  let seed = 20_261_130;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const fields = headers();
  fields.set('X', 'y');
  for (let turn = 0; turn < 50_000; turn += 1) {
    const bytes = Buffer.from(Array.from({ length: random(24) }, () => random(256)));
    // Most look like frames at first sight.
    if (bytes.length > 2 && random(4) > 0) bytes.set([1, 1 + random(13), random(4)]);
    const reply = ['_INBOX.noise.1.p', `_INBOX.noise.1.${random(9)}o`, `_INBOX.noise.1.${random(9)}`, 'x', undefined][
      random(5)
    ];
    const to = [subject, subject, subject, 'probe.Probe.Fail', '$SRV.INFO'][random(5)] as string;
    stranger.publish(to, bytes, {
      ...(reply === undefined ? {} : { reply }),
      ...(random(9) === 0 ? { headers: fields } : {}),
    });
    if (turn % 1_000 === 0) await stranger.flush();
  }
  await stranger.flush();
  expect((await call(connection, 'Echo', 1)).value).toBe(1);
  expect(await stream?.next()).toEqual({ value: 1, done: false });
  await stream?.return?.();
});
