import { expect, test } from 'vitest';
import { readAccept } from './accepted-reply.js';

const isBound = (name: string): boolean => name === 'application/json' || name === 'application/msgpack';

test.each([
  [undefined, undefined],
  ['', undefined],
  ['*/*', undefined],
  ['text/html', undefined],
  ['application/json', 'application/json'],
  ['Application/JSON; charset=utf-8', 'application/json'],
  ['text/html, application/msgpack', 'application/msgpack'],
  ['application/json, application/msgpack', 'application/json'],
  ['application/json;q=0.5, application/msgpack', 'application/msgpack'],
  ['application/json;q=0', undefined],
  ['application/json;q=0.5, */*', undefined],
  ['application/json;q=x', 'application/json'],
  [`${'text/html,'.repeat(40)}application/json`, undefined],
])('Accept: %s asks for a value in %s', (accept, type) => {
  expect(readAccept(accept, isBound).type).toBe(type);
});

test.each([
  [undefined, undefined, undefined, true],
  ['*/*', undefined, undefined, true],
  ['text/plain', undefined, undefined, true],
  ['application/json', undefined, undefined, false],
  ['application/json, */*;q=0.1', undefined, undefined, true],
  ['application/x-ndjson', 'lines', undefined, false],
  ['application/jsonl', 'lines', undefined, false],
  ['application/json, text/event-stream', 'events', undefined, false],
  ['text/event-stream;q=0.5, application/x-ndjson', 'lines', undefined, false],
  ['application/vnd.tenon.stream; type="application/msgpack"', 'frames', 'application/msgpack', false],
  ['application/vnd.tenon.stream;type=application/json', 'frames', 'application/json', false],
  ['application/vnd.tenon.stream; type="application/xml"', undefined, undefined, true],
  ['application/vnd.tenon.stream', undefined, undefined, true],
])('Accept: %s asks for a stream as %s of %s', (accept, form, messageType, anything) => {
  expect(readAccept(accept, isBound)).toMatchObject({ form, messageType, anything });
});
