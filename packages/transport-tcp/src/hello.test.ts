import { expect, test } from 'vitest';
import { type Hello, helloText, readHello } from './hello.js';
import { ProtocolViolation } from './protocol-violation.js';
import { readLimits } from './wire-limits.js';

const hello: Hello = {
  service: 'greeter',
  node: 'greeter-1',
  instance: 'run-1',
  version: '1.2.0',
  codecs: ['application/msgpack', 'application/json'],
  linked: ['application/msgpack'],
  limits: { messageBytes: 1, calls: 2, streams: 3, window: 1_024, connectionWindow: 65_536 },
};

function read(text: string): Hello {
  const bytes = Buffer.from(`..${text}..`);
  return readHello(bytes, 2, bytes.length - 2);
}

test('what is written is read again', () => {
  expect(read(helloText(hello))).toEqual(hello);
});

test('members that may be absent have their defaults, unknown ones are ignored', () => {
  const text =
    '{"service":"a","node":"","codecs":["x"],"limits":{"calls":7},"colour":"green","__proto__":{"linked":3}}';
  expect(read(text)).toEqual({
    service: 'a',
    node: '',
    instance: undefined,
    version: undefined,
    codecs: ['x'],
    linked: [],
    limits: { messageBytes: 4_194_304, calls: 7, streams: 100, window: 65_536, connectionWindow: 1_048_576 },
  });
});

test.each([
  'no json',
  'null',
  '[]',
  '"text"',
  '{"node":"","codecs":["x"]}',
  '{"service":1,"node":"","codecs":["x"]}',
  '{"service":"a","codecs":["x"]}',
  '{"service":"a","node":"","codecs":"x"}',
  '{"service":"a","node":"","codecs":[]}',
  '{"service":"a","node":"","codecs":[1]}',
  `{"service":"a","node":"","codecs":${JSON.stringify(Array.from({ length: 33 }, String))}}`,
  '{"service":"a","node":"","codecs":["x"],"linked":[1]}',
  '{"service":"a","node":"","codecs":["x"],"instance":{}}',
  '{"service":"a","node":"","codecs":["x"],"version":2}',
  '{"service":"a","node":"","codecs":["x"],"limits":3}',
  '{"service":"a","node":"","codecs":["x"],"limits":{"calls":0}}',
  '{"service":"a","node":"","codecs":["x"],"limits":{"streams":16385}}',
  '{"service":"a","node":"","codecs":["x"],"limits":{"window":1023}}',
  '{"service":"a","node":"","codecs":["x"],"limits":{"connectionWindow":1.5}}',
  '{"service":"a","node":"","codecs":["x"],"limits":{"messageBytes":-1}}',
  `{"service":"${'a'.repeat(17_000)}","node":"","codecs":["x"]}`,
])('%.60s is refused', (text) => {
  expect(() => read(text)).toThrow(ProtocolViolation);
});

test('a peer may take larger messages than anyone sends', () => {
  expect(readLimits({ messageBytes: 2 ** 40 }).messageBytes).toBe(2 ** 40);
});
