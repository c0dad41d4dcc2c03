import { type Codec, type CodecSession, ServiceError, type Sink } from '@tenon/contract';
import { expect, test } from 'vitest';
import { TestSocket } from '../test/test-socket.js';
import { BufferPool } from './buffer-pool.js';
import { BoundCodecs, ConnectionCodecs } from './connection-codecs.js';
import { dataFrame, learnFrame } from './frame.js';
import { FrameWriter } from './frame-writer.js';
import type { Hello } from './hello.js';
import { ProtocolViolation } from './protocol-violation.js';

/** A codec that writes texts, and announces each text that it meets for the first time. */
function announcing(contentType: string, links: boolean): Codec & { learned: string[] } {
  const learned: string[] = [];
  const encode = (value: unknown, sink: Sink): void => {
    sink.ensure(100);
    sink.position += sink.buffer.write(String(value), sink.position);
  };
  return {
    contentType,
    aliases: [`${contentType}-too`],
    capabilities: { bytes: false, dates: false, bigints: false, nonFinite: false },
    links,
    learned,
    open: (link): CodecSession => {
      let news: string | undefined;
      const session: CodecSession = {
        encoder: () => (value, sink) => {
          encode(value, sink);
          news = `${news ?? ''}${value}`;
        },
        decoder: () => (buffer, start, end) => Buffer.from(buffer.subarray(start, end)).toString(),
      };
      if (link?.linked !== true) return session;
      return {
        ...session,
        announce: () => {
          const told = news;
          news = undefined;
          return told === undefined ? undefined : Buffer.from(told);
        },
        learn: (buffer, start, end) => {
          const text = Buffer.from(buffer.subarray(start, end)).toString();
          if (text === 'bad') throw new ServiceError('InvalidArgument', 'bad news');
          learned.push(text);
        },
      };
    },
  };
}

function connected(codecs: readonly Codec[], peer: Partial<Hello>) {
  const socket = new TestSocket();
  const writer = new FrameWriter(socket.duplex, new BufferPool(), true);
  const hello = { service: 's', node: '', codecs: [], linked: [], limits: {}, ...peer } as unknown as Hello;
  return { socket, writer, codecs: new ConnectionCodecs(new BoundCodecs(codecs), hello, writer) };
}

const plain = announcing('text/plain', false);
const linked = announcing('text/linked', true);

test('those that link come first, and the first that both have is preferred', () => {
  expect(new BoundCodecs([plain, linked]).contentTypes).toEqual(['text/linked', 'text/plain']);
  const both = ['text/plain', 'text/linked'];
  expect(connected([plain, linked], { codecs: both, linked: both }).codecs.preferred?.contentType).toBe('text/linked');
  expect(connected([plain, linked], { codecs: ['text/plain'] }).codecs.preferred?.contentType).toBe('text/plain');
  expect(connected([plain], { codecs: ['text/linked'] }).codecs.preferred).toBeUndefined();
});

test('a codec is linked only where both say so, and spoken of by its place in the peer’s list', () => {
  const { codecs } = connected([plain, linked], { codecs: ['text/plain', 'text/linked'], linked: [] });
  expect(codecs.named('text/linked')).toMatchObject({ peerIndex: 1, linked: false });
  expect(codecs.told(0).contentType).toBe('text/linked');
  expect(() => codecs.told(2)).toThrow(ProtocolViolation);
});

test('a type may be named by an alias, with parameters, and is refused where one side lacks it', () => {
  const { codecs } = connected([plain, linked], { codecs: ['text/plain'] });
  expect(codecs.named('Text/Plain-too; charset=utf-8').contentType).toBe('text/plain');
  for (const type of ['text/linked', 'text/nobody']) {
    expect(() => codecs.named(type)).toThrow(expect.objectContaining({ code: 'InvalidArgument', executed: 'no' }));
  }
});

test('what is new is told behind the frame in which it was met, but not before a frame around that one has ended', () => {
  const { socket, writer, codecs } = connected([linked], { codecs: ['text/linked'], linked: ['text/linked'] });
  const codec = codecs.named('text/linked');
  const encode = codec.encoder(undefined);
  const write = (text: string, inside?: () => void): void => {
    writer.begin(dataFrame, 1);
    encode(text, writer);
    inside?.();
    if (inside !== undefined) encode('-rest', writer);
    writer.end();
    codecs.encoded(codec);
  };
  write('a');
  write('outer', () => write('inner'));
  writer.flush();
  expect(socket.frames.map(({ type, payload }) => `${type}:${payload.toString('latin1')}`)).toEqual([
    `${dataFrame}:a`,
    `${learnFrame}:\u0000a`,
    `${dataFrame}:outer-rest`,
    `${dataFrame}:inner`,
    `${learnFrame}:\u0000outerinner-rest`,
  ]);
});

test('news are for a linked codec, and refused ones end the connection', () => {
  const { codecs } = connected([linked, plain], { codecs: ['text/linked', 'text/plain'], linked: ['text/linked'] });
  const learn = (...bytes: number[]): void => codecs.learn(Buffer.from(bytes), 0, bytes.length);
  learn(0, 0x68, 0x69);
  expect(linked.learned).toEqual(['hi']);
  for (const bytes of [[], [1, 0x68], [9], [0, 0x62, 0x61, 0x64]])
    expect(() => learn(...bytes)).toThrow(ProtocolViolation);
});

test('sessions without state are shared, linked ones belong to a connection', () => {
  const bound = new BoundCodecs([plain, linked]);
  expect(bound.open('text/plain', false)).toBe(bound.open('text/plain', false));
  expect(bound.open('text/linked', true)).not.toBe(bound.open('text/linked', true));
});

test('each schema has its encoder and decoder, in whatever order they are asked for', () => {
  const made: unknown[] = [];
  const of = (schema: unknown) => {
    made.push(schema);
    return Object.assign(() => undefined, { schema });
  };
  const session = { encoder: of, decoder: of } as unknown as CodecSession;
  const { codecs } = connected([{ ...plain, open: () => session }], { codecs: ['text/plain'] });
  const codec = codecs.named('text/plain');
  const [one, two] = [class One {}, class Two {}];
  for (const schema of [undefined, one, two, two, one, undefined, one]) {
    const got: readonly unknown[] = [codec.encoder(schema), codec.decoder(schema)];
    expect(got.map((one) => (one as { readonly schema: unknown }).schema)).toEqual([schema, schema]);
  }
  expect(made).toHaveLength(6);
});
