import type { GoldenFrame } from '../../../test/wire/golden-table.js';
import { BoundCodecs, ConnectionCodec } from '../src/connection-codecs.js';
import { empty, readCancel, readCredit } from '../src/control-payload.js';
import { kindOfNumber } from '../src/endpoint-names.js';
import { readError } from '../src/error-payload.js';
import { readHello } from '../src/hello.js';
import { PayloadCursor } from '../src/payload-cursor.js';
import { MetadataReader } from '../src/wire-metadata.js';
import { bytesCodec } from './bytes-codec.js';

/** A frame in the words of the page. Keys that have numbers are called by them. */
export function inWords(typeByte: number, id: number, buffer: Buffer, start: number, end: number): GoldenFrame {
  const cursor = new PayloadCursor().over(buffer, start, end);
  const keys = new MetadataReader();
  for (let number = 1; number <= 255; number += 1) keys.learn(number, `key-${number}`);
  const rest = (): string => buffer.toString('hex', cursor.position, end);
  const metadata = (entries: number): readonly (readonly [string, string])[] =>
    Object.entries(keys.read(cursor, entries));
  const call = id === 0 ? {} : { slot: id & 0xffff, turn: id >>> 16 };
  const more = (typeByte & 0x40) === 0 ? {} : { more: true };
  const type = typeByte & 0x3f;
  switch (type) {
    case 0x01:
    case 0x02: {
      const { service, node, instance, codecs, linked } = readHello(buffer, start, end);
      return { type: type === 1 ? 'HELLO' : 'WELCOME', json: { service, node, instance, codecs, linked } };
    }
    case 0x03:
      return { type: 'GOAWAY', code: cursor.byte(), reason: cursor.text(end - cursor.position) };
    case 0x04:
      return { type: 'PING', payload: rest() };
    case 0x05:
      return { type: 'PONG', payload: rest() };
    case 0x06: {
      const what = cursor.byte() === 0 ? 'endpoint' : 'key';
      const number = (cursor.byte() << 8) | cursor.byte();
      const kind = kindOfNumber(cursor.byte()) as 'unary';
      return { type: 'NAME', what, number, ...(what === 'key' ? {} : { kind }), name: cursor.text(cursor.varint()) };
    }
    case 0x07:
      return { type: 'LEARN', codec: cursor.byte(), payload: rest() };
    case 0x10: {
      const endpoint = (cursor.byte() << 8) | cursor.byte();
      const codec = cursor.byte();
      const entries = cursor.byte();
      const timeLeftUs = buffer.readUInt32BE(start + 4);
      cursor.over(buffer, start + 8, end);
      return {
        type: 'CALL',
        ...call,
        ...more,
        endpoint,
        codec,
        timeLeftUs,
        metadata: metadata(entries),
        request: rest(),
      };
    }
    case 0x11:
      return { type: 'HEAD', ...call, metadata: metadata(cursor.byte()) };
    case 0x12:
      return { type: 'DATA', ...call, ...more, payload: rest() };
    case 0x13:
      empty(start, end);
      return { type: 'END', ...call };
    case 0x14:
      return { type: 'REPLY', ...call, ...more, metadata: metadata(cursor.byte()), reply: rest() };
    case 0x15: {
      const bound = new BoundCodecs([bytesCodec]);
      const codec = buffer[start + 2] as number;
      const error = readError(
        buffer,
        start,
        end,
        (index) => new ConnectionCodec(bound, bytesCodec.contentType, index, false),
      );
      const { message, service, endpoint, node, correlationId, details = Buffer.alloc(0) } = error.toRecord() as never;
      const record = { message, service, endpoint, node, correlationId };
      const { executed } = error;
      return { type: 'ERROR', ...call, codec, code: buffer[start] as number, executed, record, details: hex(details) };
    }
    case 0x16:
      return { type: 'CANCEL', ...call, code: readCancel(buffer, start, end).code === 'DeadlineExceeded' ? 4 : 1 };
    case 0x17:
      empty(start, end);
      return { type: 'STOP', ...call };
    case 0x18:
      return { type: 'CREDIT', ...call, bytes: readCredit(buffer, start, end) };
    case 0x19:
      return { type: 'REST', ...call, ...more, payload: rest() };
    default:
      return { type, ...call, optional: (typeByte & 0x80) !== 0, payload: rest() };
  }
}

/** A frame of the page as `inWords` gives it. */
export function comparable(frame: GoldenFrame): GoldenFrame {
  const { reserved: _reserved, json, metadata, ...rest } = frame;
  const named = metadata?.map(([key, value]) => [typeof key === 'number' ? `key-${key}` : key, value] as const);
  const { service, node, instance, codecs, linked = [] } = json ?? {};
  return {
    ...rest,
    ...(named === undefined ? {} : { metadata: named }),
    ...(json === undefined ? {} : { json: { service, node, instance, codecs, linked } }),
  };
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}
