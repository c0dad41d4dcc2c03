import { tcpTransport } from '@tenon/transport-tcp';
import { createApp, Registry } from 'tenon';
import { afterEach, describe, expect, test } from 'vitest';
import type { RawFrame } from './raw-peer.js';
import { RawServer, segmentOf } from './raw-server.js';
import { connect } from './tenon-1-client.mjs';
import { callId, frameBytes, types } from './tenon-1-frames.mjs';
import * as payloads from './tenon-1-payloads.mjs';

// What a server must not send, and what a client does about it: the client of this folder, and Tenon's.

const greeting = { service: 'greeter', node: 'greeter-1', codecs: ['application/json'] };
const none = Buffer.alloc(0);
const welcome = frameBytes(types.WELCOME, 0, payloads.greetingBytes(greeting));
const head = (call: number): Buffer => frameBytes(types.HEAD, call, payloads.replyBytes({}));
const reply = (call: number): Buffer => frameBytes(types.REPLY, call, payloads.replyBytes({ reply: Buffer.from('1') }));
const data = (call: number, text: string, more = false): Buffer =>
  frameBytes(types.DATA, call, Buffer.from(text), { more });

/** Answers to a call that no client may take. */
const lies: readonly (readonly [string, 'unary' | 'server', (call: number) => Buffer])[] = [
  ['DATA before HEAD', 'server', (call) => segmentOf(data(call, '1'))],
  ['END before HEAD', 'server', (call) => segmentOf(frameBytes(types.END, call, none))],
  ['HEAD twice', 'server', (call) => segmentOf(head(call), head(call))],
  [
    'END inside a message',
    'server',
    (call) => segmentOf(head(call), data(call, '1', true), frameBytes(types.END, call, none)),
  ],
  ['END with a payload', 'server', (call) => segmentOf(head(call), frameBytes(types.END, call, Buffer.from('!')))],
  ['REPLY to a stream', 'server', (call) => segmentOf(reply(call))],
  ['more DATA than there is credit for', 'server', (call) => tooMuch(call)],
  ['DATA to a unary call', 'unary', (call) => segmentOf(data(call, '1'))],
  ['HEAD to a unary call', 'unary', (call) => segmentOf(head(call))],
  ['REST before REPLY', 'unary', (call) => segmentOf(frameBytes(types.REST, call, Buffer.from('1')))],
  ['a slot that was never used', 'unary', () => segmentOf(reply(callId(777, 1)))],
  ['a key that was never told', 'unary', (call) => segmentOf(frameBytes(types.REPLY, call, Buffer.from([1, 9, 0])))],
  ['a reply that is cut off', 'unary', (call) => segmentOf(frameBytes(types.REPLY, call, Buffer.from([1, 0, 5])))],
  ['ERROR with MORE', 'unary', (call) => segmentOf(frameBytes(types.ERROR, call, refusal(5), { more: true }))],
  ['ERROR with code 0', 'unary', (call) => segmentOf(frameBytes(types.ERROR, call, refusal(0)))],
  ['ERROR with code 17', 'unary', (call) => segmentOf(frameBytes(types.ERROR, call, refusal(17)))],
  ['CALL', 'unary', (call) => segmentOf(frameBytes(types.CALL, call, none))],
  ['CANCEL', 'unary', (call) => segmentOf(frameBytes(types.CANCEL, call, Buffer.from([1])))],
  ['WELCOME again', 'unary', () => segmentOf(welcome)],
  ['HELLO', 'unary', () => segmentOf(frameBytes(types.HELLO, 0, payloads.greetingBytes(greeting)))],
  ['NAME of an endpoint', 'unary', () => segmentOf(frameBytes(types.NAME, 0, named('Greeter.Hello')))],
  ['an unknown frame that is not optional', 'unary', () => segmentOf(frameBytes(0x3f, 0, none))],
  ['a damaged segment', 'unary', (call) => damaged(segmentOf(reply(call)))],
];

const closings: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

/** Calls a greeter at a port, unary or to read a stream, and gives the error. */
type Caller = (port: number, kind: 'unary' | 'server') => Promise<unknown>;

const callers: readonly (readonly [string, Caller])[] = [
  [
    'the client of this folder',
    async (port, kind) => {
      const client = await connect({ port, service: 'greeter' });
      closings.push(() => client.close());
      const call = await client.open(kind, 'Greeter.Hello', {});
      return failure(kind === 'unary' ? call.reply : drained(call));
    },
  ],
  [
    'Tenon’s client',
    async (port, kind) => {
      const app = await createApp({ profile: 'test', log: { level: 'silent' }, modules: [tcpTransport()] });
      closings.push(() => app.close());
      await app.start();
      const node = { id: 'greeter-1', address: `127.0.0.1:${port}`, metadata: { 'tenon-protocols': 'tenon/1' } };
      const record = { name: 'greeter', version: '1.0.0', metadata: {}, endpoints: [], nodes: [node] };
      await app.get(Registry).register(record, { ttlMs: 60_000 });
      const call =
        kind === 'unary' ? app.call('greeter', 'Greeter.Hello') : drained(app.stream('greeter', 'Greeter.Hello'));
      return failure(call);
    },
  ],
];

describe.each(callers)('%s refuses', (_name, caller) => {
  test.each(lies)('%s', async (_lie, kind, answer) => {
    const server = await RawServer.start((frame) => {
      if (frame.name === 'HELLO') return segmentOf(welcome);
      return frame.name === 'CALL' ? answer(frame.call) : undefined;
    });
    closings.push(() => server.close());
    const left = server.left();
    expect(await caller(server.port, kind)).toMatchObject({ executed: 'maybe' });
    expect(goawayOf(await left)).toMatchObject({ code: 3 });
  });

  test.each([
    ['a PING instead of WELCOME', segmentOf(frameBytes(types.PING, 0, Buffer.alloc(8)))],
    ['WELCOME that is not JSON', segmentOf(frameBytes(types.WELCOME, 0, Buffer.from('{"node"')))],
  ])('%s', async (_lie, answer) => {
    const server = await RawServer.start(({ name }) => (name === 'HELLO' ? answer : undefined));
    closings.push(() => server.close());
    const left = server.left();
    expect(await caller(server.port, 'unary').catch((thrown: unknown) => thrown)).toMatchObject({ executed: 'no' });
    expect(goawayOf(await left)).toMatchObject({ code: 3 });
  });

  test('nothing of what is late: DATA, REPLY and END of a call that is over', async () => {
    const server = await RawServer.start(({ name, call }) => {
      if (name === 'HELLO') return segmentOf(welcome);
      if (name !== 'CALL') return undefined;
      const late = [
        data(call, '2'),
        frameBytes(types.END, call, none),
        reply(call),
        frameBytes(types.STOP, call, none),
      ];
      return segmentOf(head(call), data(call, '1'), frameBytes(types.END, call, none), ...late);
    });
    closings.push(() => server.close());
    expect(await caller(server.port, 'server')).toEqual([1]);
  });
});

/** The error that a call ends with, or what it gave. */
async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.catch((thrown: unknown) => thrown);
}

async function drained(messages: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

/** The last thing that a client said before it left. */
function goawayOf(frames: readonly RawFrame[]): unknown {
  const last = frames.at(-1);
  return last?.name === 'GOAWAY' ? payloads.readGoaway(last.payload) : last;
}

function refusal(code: number): Buffer {
  return payloads.errorBytes({ code, executed: 'maybe', record: { message: 'no' } });
}

function named(name: string): Buffer {
  return payloads.nameBytes({ number: 1, name, kind: 'unary' });
}

function damaged(bytes: Buffer): Buffer {
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes;
}

/** Two messages in one segment: the first fits into the window of 65,536 bytes, the second can not. */
function tooMuch(call: number): Buffer {
  const message = data(call, JSON.stringify('x'.repeat(60_000)));
  return segmentOf(head(call), message, message);
}
