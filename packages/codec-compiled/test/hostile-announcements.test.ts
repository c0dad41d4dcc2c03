import { ServiceError } from '@tenon/contract';
import { encodeLayout, type Layout, layoutHash } from '@tenon/schema';
import { describe, expect, test } from 'vitest';
import { Order, order } from './classes.js';
import { End, encoded, Pair } from './linked-pair.js';

const layout: Layout = {
  records: [{ fields: [{ name: 'n', optional: false, nullable: false, type: { kind: 'integer' } }] }],
};
const bytes = encodeLayout(layout);
const hash = Buffer.from(layoutHash(layout), 'hex');
const offer = (number: number, of: Buffer = hash): Buffer => Buffer.concat([Buffer.of(1, number >> 8, number), of]);
const told = (number: number, whole: Buffer): Buffer =>
  Buffer.concat([Buffer.of(2, number >> 8, number, whole.length >> 8, whole.length), whole]);
const learn = (end: End, ...entries: readonly Buffer[]): void => {
  const all = Buffer.concat(entries);
  end.session.learn?.(all, 0, all.length);
};
const news = (end: End): string => Buffer.from(end.session.announce?.() ?? []).toString('hex');
const decoded = (end: End, value: string): unknown => {
  const message = Buffer.from(value, 'hex');
  return end.session.decoder(Order)(message, 0, message.length);
};

describe('what a peer says about its layouts', () => {
  test('is asked for, taken, and read by', () => {
    const end = new End();
    learn(end, offer(1));
    expect(news(end)).toBe('040001');
    learn(end, told(1, bytes));
    expect(decoded(end, '010e')).toEqual({ n: 7 });
  });

  test.each([
    ['is malformed', Buffer.from('ff', 'hex')],
    ['is cut short', bytes.subarray(0, bytes.length - 1)],
    ['is another one than was offered', encodeLayout({ records: [{ fields: [] }] })],
    ['has the name __proto__', Buffer.concat([Buffer.of(1, 1, 9), Buffer.from('__proto__'), Buffer.of(0, 1)])],
    ['nests 17 lists', Buffer.concat([Buffer.of(1, 1, 1, 0x61, 0), Buffer.alloc(17, 0x0a), Buffer.of(1)])],
    ['claims 2^32 records', Buffer.from('8080808010', 'hex')],
  ])('concerns its own values alone where a layout %s', (_what, whole) => {
    const end = new End();
    learn(end, offer(1), offer(2));
    expect(news(end)).toBe('040001040002');
    learn(end, told(1, whole));
    expect(news(end)).toBe('050001');
    expect(() => decoded(end, '010e')).toThrow(ServiceError);
    expect(() => decoded(end, '010e')).toThrow(expect.objectContaining({ code: 'InvalidArgument', executed: 'no' }));
    // The connection and its other values go on.
    learn(end, told(2, bytes));
    expect(decoded(end, '020e')).toEqual({ n: 7 });
    expect(decoded(end, '00c0')).toBeNull();
  });

  test('takes at most a mebibyte of memory for all layouts of a connection', () => {
    const end = new End();
    for (let number = 1; number <= 20; number += 1) {
      const large = encodeLayout(wide(number));
      learn(end, offer(number, Buffer.from(layoutHash(wide(number)), 'hex')));
      news(end);
      learn(end, told(number, large));
      expect(news(end)).toBe(number * large.length > 1_024 * 1_024 ? `05${number.toString(16).padStart(4, '0')}` : '');
    }
  });

  test.each([
    ['an entry of an unknown kind', [Buffer.from('070001', 'hex')]],
    ['nothing', []],
    ['the layout 0', [offer(0)]],
    ['the layout 257', [offer(257)]],
    ['an offer that comes again', [offer(1), offer(1)]],
    ['a layout that nobody asked for', [told(1, bytes)]],
    ['an answer that nobody asked for', [Buffer.from('030001', 'hex')]],
    ['an entry that is cut short', [offer(1).subarray(0, 18)]],
    ['a layout that is longer than its entry', [offer(1), told(1, bytes).subarray(0, 8)]],
  ])('ends the connection where it is %s', (_what, entries) => {
    expect(() => learn(new End(), ...entries)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  });

  test('that a layout is refused holds, also where it was wanted a moment before and is still to be told', () => {
    const { client } = new Pair();
    encoded(client.session, order, Order);
    client.session.announce?.();
    client.session.learn?.(...whole(Buffer.from('040001050001', 'hex')));
    expect(client.session.announce?.()?.[0]).toBe(2);
    expect(encoded(client.session, order, Order)[0]).toBe(0);
  });

  test('that a layout is refused holds for good', () => {
    const { client, server } = new Pair();
    encoded(client.session, order, Order);
    server.session.learn?.(...whole(client.session.announce?.()));
    client.session.learn?.(...whole(Buffer.from('050001', 'hex')));
    expect(() => client.session.learn?.(...whole(Buffer.from('030001', 'hex')))).toThrow('a second time');
    expect(encoded(client.session, order, Order)[0]).toBe(0);
  });
});

test('a hash that belongs to a class of ours, of a peer whose values are laid out otherwise, breaks those values and no others', () => {
  const { client, server } = new Pair();
  encoded(client.session, order, Order);
  const announced = Buffer.from(client.session.announce?.() ?? []);
  server.session.decoder(Order);
  server.session.learn?.(announced, 0, announced.length);
  expect(news(server)).toBe('030001');
  for (const lie of ['01', '01ff', '0101ffffffffffffff7f', '01010103414461ff', `0101${'80'.repeat(20)}`]) {
    expect(() => decoded(server, lie)).toThrow(expect.objectContaining({ code: 'InvalidArgument', executed: 'no' }));
  }
});

test.each(['', '80', '8000', '8003', 'ff7f', '05'])('a value that begins with the bytes %j is refused', (start) => {
  expect(() => decoded(new End(), start)).toThrow(expect.objectContaining({ code: 'InvalidArgument', executed: 'no' }));
});

function wide(number: number): Layout {
  const name = (field: number): string => `${String(field).padStart(4, '0')}${'x'.repeat(220)}${number}`;
  const fields = Array.from({ length: 255 }, (_, field) => ({
    name: name(field),
    optional: false,
    nullable: false,
    type: { kind: 'any' as const },
  }));
  return { records: [{ fields }] };
}

function whole(bytes: Uint8Array | undefined): readonly [Uint8Array, number, number] {
  if (bytes === undefined) throw new Error('nothing was announced');
  return [bytes, 0, bytes.length];
}
