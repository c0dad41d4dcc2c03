import type { ViolationDetails } from 'tenon';
import { expect, test } from 'vitest';
import { atDesk, GreetRequest, Noted, OrderLine, OrderRequest } from './desk.js';
import { errorIn, post } from './raw-http.js';

// Values that are well formed and yet wrong: against the rules of their class, or with keys that mean something to
// JavaScript.

const wrongOrder = {
  customer: 'ada',
  lines: [
    { sku: 'tea', quantity: 1 },
    { sku: 7, quantity: 0 },
  ],
};

test('a value that breaks the rules of its class: the reply lists field, rule and type, and repeats no value', () =>
  atDesk(async ({ port, desk, client }) => {
    const reply = await post(port, '/desk/Desk.Order', JSON.stringify(wrongOrder));
    expect(reply.status).toBe(400);
    const error = errorIn(reply);
    expect(error).toMatchObject({ code: 'InvalidArgument', executed: 'no', service: 'desk', endpoint: 'Desk.Order' });
    const { violations } = error['details'] as ViolationDetails;
    expect(violations.map(({ field, rule, valueType }) => [field, rule, valueType]).toSorted()).toEqual([
      ['customer', 'isEmail', 'string'],
      ['lines[1].quantity', 'min', 'number'],
      ['lines[1].sku', 'isString', 'number'],
    ]);
    for (const { message } of violations) expect(message).toMatch(/must/);
    for (const field of ['customer', 'lines[1].quantity', 'lines[1].sku']) expect(error['message']).toContain(field);
    for (const contentType of ['application/json', 'application/msgpack']) {
      await expect(client.order(wrongOrder as never, { contentType }), contentType).rejects.toMatchObject({
        code: 'InvalidArgument',
        executed: 'no',
        details: { violations },
      });
    }
    expect(desk.received).toEqual([]);
  }));

test.each([
  ['null', 'null'],
  ['a text', '"hush"'],
  ['a number', '7'],
  ['a list', '[{"name":"hush"}]'],
  ['nothing of it', '{}'],
  ['a wrong type', '{"name":["hush"]}'],
  ['null in a field', '{"name":null}'],
])('%s instead of an object of the class', (_what, body) =>
  atDesk(async ({ port, desk }) => {
    const reply = await post(port, '/desk/Desk.Greet', body);
    expect([reply.status, errorIn(reply)]).toMatchObject([
      400,
      {
        code: 'InvalidArgument',
        executed: 'no',
        details: {
          violations: expect.arrayContaining([
            {
              field: expect.any(String),
              rule: expect.any(String),
              message: expect.any(String),
              valueType: expect.any(String),
            },
          ]),
        },
      },
    ]);
    expect(reply.body.toString()).not.toContain('hush');
    expect(desk.received).toEqual([]);
  }),
);

const evil =
  '{"name":"Ada","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"prototype":{"polluted":true}}';

/** A map of texts to maps and texts as msgpack, by hand: no packer of ours can be trusted to write such keys. */
function packed(value: string | true | Readonly<Record<string, unknown>>): Buffer {
  if (value === true) return Buffer.from([0xc3]);
  if (typeof value === 'string') return Buffer.concat([Buffer.from([0xa0 + value.length]), Buffer.from(value)]);
  const entries = Object.entries(value) as [string, string | true | Record<string, unknown>][];
  return Buffer.concat([Buffer.from([0x80 + entries.length]), ...entries.flat().map(packed)]);
}

const json = { 'content-type': 'application/json' };
const msgpack = { 'content-type': 'application/msgpack' };
const evilObject = JSON.parse(evil) as Record<string, unknown>;
const { ['__proto__']: _, ...evilWithoutProto } = evilObject;

/** Nothing of it but what its class knows: no key that another class or a prototype would be found by. */
function expectClean(value: unknown, type: abstract new () => object, keys: readonly string[]): void {
  expect(Object.getPrototypeOf(value)).toBe(type.prototype);
  expect(Object.keys(value as object)).toEqual(keys);
  expect((value as object).constructor).toBe(type);
  for (const place of [value as object, type.prototype, type]) expect(Reflect.get(place, 'polluted')).toBeUndefined();
}

test.each([
  ['json', Buffer.from(evil), json],
  ['msgpack', packed(evilWithoutProto), msgpack],
])('keys named __proto__, constructor and prototype in %s never reach an instance', (_codec, body, headers) =>
  atDesk(async ({ port, desk }) => {
    expect((await post(port, '/desk/Desk.Greet', body, headers)).status).toBe(200);
    expectClean(desk.received[0], GreetRequest, ['name']);
  }),
);

test('nor an instance further in', () =>
  atDesk(async ({ port, desk }) => {
    const line = evil.replace('"name":"Ada"', '"sku":"tea","quantity":1');
    const order = `{"customer":"ada@example.com","lines":[${line}],"__proto__":{"polluted":true}}`;
    expect((await post(port, '/desk/Desk.Order', order)).status).toBe(200);
    expectClean(desk.received[0], OrderRequest, ['customer', 'lines']);
    expectClean((desk.received[0] as OrderRequest).lines[0], OrderLine, ['sku', 'quantity']);
  }));

test('without a class they are data in JSON, and come back as they were', () =>
  atDesk(async ({ port, desk, client }) => {
    const reply = await post(port, '/desk/Desk.Echo', evil, json);
    expect([reply.status, reply.body.toString()]).toEqual([200, evil]);
    const echoed = await client.echo(evilObject, { contentType: 'application/json' });
    for (const value of [...desk.received, echoed] as Record<string, unknown>[]) {
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.keys(value)).toEqual(['name', '__proto__', 'constructor', 'prototype']);
      expect(value['polluted']).toBeUndefined();
    }
  }));

test('in msgpack a key named __proto__ is refused, on the wire and before it', () =>
  atDesk(async ({ port, desk, client }) => {
    for (const endpoint of ['Desk.Echo', 'Desk.Greet']) {
      const reply = await post(port, `/desk/${endpoint}`, packed(evilObject as Record<string, string>), msgpack);
      expect([reply.status, errorIn(reply)], endpoint).toMatchObject([
        400,
        { code: 'InvalidArgument', executed: 'no', message: expect.stringMatching(/MessagePack.* at byte \d+/) },
      ]);
    }
    await expect(client.echo(evilObject, { contentType: 'application/msgpack' })).rejects.toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
      rawMessage: expect.stringContaining('__proto__'),
    });
    expect(desk.received).toEqual([]);
    const rest = await client.echo(evilWithoutProto, { contentType: 'application/msgpack' });
    expect(rest).toEqual(evilWithoutProto);
  }));

test('metadata named __proto__ and constructor arrives as data, in both directions', () =>
  atDesk(async ({ port, client }) => {
    const headers = { ...json, constructor: 'c', prototype: 'p', ['__proto__']: '{"a":1}' };
    const raw = await post(port, '/desk/Desk.Metadata', '{}', headers);
    expect(raw.status).toBe(200);
    expect(Object.entries(JSON.parse(raw.body.toString()) as object).toSorted()).toEqual([
      ['__proto__', '{"a":1}'],
      ['constructor', 'c'],
      ['prototype', 'p'],
    ]);
    // JSON for the reply, because msgpack refuses to write such a key.
    const metadata = { ['__proto__']: 'x', constructor: 'y' } as Record<string, string>;
    const got = await client.metadata({}, { metadata, contentType: 'application/json' });
    expect(Object.entries(got).toSorted()).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    for (const key of ['__proto__', 'constructor']) {
      let replied: Readonly<Record<string, string>> = {};
      await client.stamp({ key, value: 'z' }, { onReply: (metadata) => (replied = metadata) });
      expect(Object.getPrototypeOf(replied)).toBeNull();
      expect(Object.entries(replied), key).toEqual([[key, 'z']]);
    }
  }));

test('an event with such keys pollutes nobody, and one that breaks the rules is refused before it leaves', () =>
  atDesk(async ({ caller, desk }) => {
    const publisher = caller.publisher(Noted);
    await expect(publisher.publish({ text: 7 } as never)).rejects.toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
      details: { violations: [{ field: 'text', rule: 'isString', valueType: 'number' }] },
    });
    const event = JSON.parse(evil.replace('"name":"Ada"', '"text":"hi"')) as Noted;
    await expect(publisher.publish(event, { contentType: 'application/msgpack' })).rejects.toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
    });
    await publisher.publish(event, { contentType: 'application/json' });
    await expect.poll(() => desk.received).toHaveLength(1);
    expectClean(desk.received[0], Noted, ['text']);
  }));
