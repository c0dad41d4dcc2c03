import { jsonCodec } from '@tenon/codec-json';
import { type Codec, ServiceError } from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import { describe, expect, test } from 'vitest';
import type { Envelope } from './envelope.js';
import { envelopeOf, legacyTypeOf } from './envelopes.js';

const json = envelopeOf('application/json-rpc') as Envelope;
const proto = envelopeOf('application/proto-rpc') as Envelope;
const codec = new CodecSet([(jsonCodec().create as () => Codec)()]).of('application/json');

describe('json-rpc', () => {
  test('is written and read as go-micro has it', () => {
    const request = json.request({ method: 'Greeter.Hello', id: '7', body: Buffer.from('{"name":"z"}') });
    expect(request.toString()).toBe('{"params":[{"name":"z"}],"id":"7","method":"Greeter.Hello"}\n');
    expect(json.openRequest(request, codec)).toEqual({
      method: 'Greeter.Hello',
      id: '7',
      error: '',
      body: Buffer.from('{"name":"z"}'),
    });
    const reply = json.reply({ id: '77', error: '', body: Buffer.from('{"msg":"Hello z"}') });
    expect(reply.toString()).toBe('{"id":"77","result":{"msg":"Hello z"},"error":null}\n');
    expect(json.openReply(reply, codec)).toMatchObject({ id: '77', error: '', body: Buffer.from('{"msg":"Hello z"}') });
    const failed = json.reply({ id: '', error: 'no "x"', body: Buffer.alloc(0) });
    expect(failed.toString()).toBe('{"id":"","result":null,"error":"no \\"x\\""}\n');
    expect(json.openReply(failed, codec)).toMatchObject({ error: 'no "x"' });
  });

  test('numbers are taken as ids, params may be missing, and errors that are objects are read as their text', () => {
    expect(json.openRequest(Buffer.from('{"method":"A.B","id":77}'), codec)).toMatchObject({
      id: '77',
      body: Buffer.alloc(0),
    });
    expect(json.openReply(Buffer.from('{"error":{"code":1}}'), codec)).toMatchObject({ error: '{"code":1}' });
  });

  test.each([
    ['an array', '[]'],
    ['null', 'null'],
    ['no method', '{"params":[{}]}'],
    ['a method that is an object', '{"method":{"a":[]},"params":[]}'],
    ['params by name', '{"method":"A.B","params":{"a":1}}'],
    ['two params', '{"method":"A.B","params":[1,2]}'],
    ['depth', `{"method":"A.B","params":[${'['.repeat(1_000_000)}`],
    ['nothing', ''],
  ])('%s is refused', (_name, text) => {
    expect(refusalOf(() => json.openRequest(Buffer.from(text), codec)).executed).toBe('no');
  });

  test('ids that are objects, and keys that look like a prototype, are data at most', () => {
    const hostile =
      '{"method":"A.B","id":{"__proto__":{"polluted":1}},"__proto__":{"method":"C.D"},"params":[{"__proto__":{"polluted":1}}]}';
    expect(json.openRequest(Buffer.from(hostile), codec)).toMatchObject({ method: 'A.B', id: '' });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('proto-rpc', () => {
  test('is written and read in the recorded bytes of go-micro', () => {
    const request = Buffer.from('000000170a0c477265657465722e4563686f110600000000000000000000040a026869', 'hex');
    const body = Buffer.from('0a026869', 'hex');
    expect(proto.request({ method: 'Greeter.Echo', id: '6', body })).toEqual(request);
    expect(proto.openRequest(request, codec)).toEqual({ method: 'Greeter.Echo', id: '6', error: '', body });
    const reply = Buffer.from('00000009110600000000000000000000040a026869', 'hex');
    expect(proto.reply({ id: '6', error: '', body })).toEqual(reply);
    expect(proto.openReply(reply, codec)).toMatchObject({ id: '6', error: '', body });
  });

  test('an error travels in the envelope, and fields that nobody knows are passed over', () => {
    const failed = proto.reply({ id: '0', error: 'Zoë', body: Buffer.from('dropped') });
    expect(proto.openReply(failed, codec)).toEqual({ method: '', id: '0', error: 'Zoë', body: Buffer.alloc(0) });
    const odd = Buffer.from('2096012a0178350000000039000000000000000000', 'hex').subarray(0, 20);
    const known = Buffer.concat([odd, Buffer.from([0x0a, 1, 0x41])]);
    const bytes = Buffer.concat([Buffer.from([0, 0, 0, known.length]), known, Buffer.from([0, 0, 0, 0])]);
    expect(proto.openRequest(bytes, codec)).toMatchObject({ method: 'A' });
  });

  test.each([
    ['nothing', ''],
    ['half of a length', '0000'],
    ['a length of 4 GiB', 'ffffffff'],
    ['a field that is longer than the envelope', '000000020a7f00000000'],
    ['a group', '000000010b00000000'],
    ['a number without an end', '0000000b20ffffffffffffffffffff00000000'],
    ['a tag without an end', '00000006ffffffffffff00000000'],
    ['bytes behind the message', '00000000000000000a'],
    ['no message', '00000000'],
  ])('%s is refused', (_name, hex) => {
    expect(refusalOf(() => proto.openRequest(Buffer.from(hex, 'hex'), codec)).executed).toBe('no');
  });
});

test('only the two bare types have an older form', () => {
  expect(legacyTypeOf('application/json')).toBe('application/json-rpc');
  expect(legacyTypeOf('application/protobuf')).toBe('application/proto-rpc');
  expect(legacyTypeOf('application/msgpack')).toBe('application/msgpack');
});

function refusalOf(open: () => unknown): ServiceError {
  try {
    open();
  } catch (thrown) {
    if (thrown instanceof ServiceError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was refused');
}
