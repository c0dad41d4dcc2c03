import { EventEmitter } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { systemClock } from '@tenon/contract/authoring';
import { StreamResets } from '@tenon/http';
import { expect, test } from 'vitest';
import type { ClientCall } from './client-call.js';
import type { RequestTemplate } from './client-dialect.js';
import { Http2Exchange } from './http2-exchange.js';

/** A stream whose events a test gives in the order that it wants, and what the call was told of them. */
function setUp() {
  const stream = Object.assign(new EventEmitter(), { rstCode: 0, writableEnded: true, end: () => {}, close: () => {} });
  const session = { request: () => stream, closed: false } as unknown as ClientHttp2Session;
  const told: string[] = [];
  const call = {
    call: {},
    begin: () => {},
    onHead: (status: number) => told.push(`head ${status}`),
    onBody: (chunk: Buffer, last: boolean) => told.push(last ? 'end' : `body ${chunk.toString()}`),
    fail: (error: Error) => told.push(error.message),
  } as unknown as ClientCall;
  const template = { path: '/greeter/Greeter.Hello', fields: [] } as unknown as RequestTemplate;
  const resets = new StreamResets(systemClock(), () => false);
  new Http2Exchange(call, { template, fields: [], body: Buffer.from('{}') }, 1_024).begin(session, resets);
  return { stream, told };
}

test('a body that Node tells of before its head is part of the reply', () => {
  const { stream, told } = setUp();
  stream.emit('data', Buffer.from('he'));
  stream.emit('data', Buffer.from('llo'));
  stream.emit('response', { ':status': 200, 'content-length': '5' });
  stream.emit('end');
  expect(told).toEqual(['head 200', 'body he', 'body llo', 'end']);
});

test('a reply whose end is told before its head, too', () => {
  const { stream, told } = setUp();
  stream.emit('data', Buffer.from('hello'));
  stream.emit('end');
  stream.emit('response', { ':status': 200, 'content-length': '5' });
  expect(told).toEqual(['head 200', 'body hello', 'end']);
});

test('a reply that is shorter than it says is none', () => {
  const { stream, told } = setUp();
  stream.emit('data', Buffer.from('he'));
  stream.emit('response', { ':status': 200, 'content-length': '5' });
  stream.emit('end');
  stream.emit('close');
  expect(told).toEqual([
    'head 200',
    'body he',
    '[Unavailable] the stream ended before the reply was whole, with code 0',
  ]);
});
