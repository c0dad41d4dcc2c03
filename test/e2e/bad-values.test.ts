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

/** The same as `evil`, by hand: no packer of ours can be trusted to write it. */
function packedEvil(): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([0xa0 + value.length]), Buffer.from(value)]);
  const polluted = Buffer.concat([Buffer.from([0x81]), text('polluted'), Buffer.from([0xc3])]);
  const prototype = Buffer.concat([Buffer.from([0x81]), text('prototype'), polluted]);
  return Buffer.concat([
    Buffer.from([0x84]),
    ...[text('name'), text('Ada')],
    ...[text('__proto__'), polluted],
    ...[text('constructor'), prototype],
    ...[text('prototype'), polluted],
  ]);
}

test.each([
  ['json', Buffer.from(evil), { 'content-type': 'application/json' }],
  ['msgpack', packedEvil(), { 'content-type': 'application/msgpack' }],
])(
  'keys named __proto__ and constructor in %s pollute nothing: not all objects, not the one that the handler gets',
  (_codec, body, headers) =>
    atDesk(async ({ port, desk }) => {
      const greeted = await post(port, '/desk/Desk.Greet', body, headers);
      if (greeted.status === 200) {
        const [request] = desk.received as GreetRequest[];
        expect(request).toBeInstanceOf(GreetRequest);
        expect(Object.getPrototypeOf(request)).toBe(GreetRequest.prototype);
        expect(Reflect.get(request ?? {}, 'polluted')).toBeUndefined();
        expect(request?.name).toBe('Ada');
      } else {
        expect(errorIn(greeted)).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
        expect(desk.received).toEqual([]);
      }
      expect(Reflect.get(GreetRequest.prototype, 'polluted')).toBeUndefined();
      expect(Reflect.get(GreetRequest, 'polluted')).toBeUndefined();

      desk.received.length = 0;
      const echoed = await post(port, '/desk/Desk.Echo', body, { ...headers, accept: 'application/json' });
      if (echoed.status === 200) {
        const [value] = desk.received as Record<string, unknown>[];
        expect([Object.prototype, null]).toContain(Object.getPrototypeOf(value));
        expect(value?.['polluted']).toBeUndefined();
        // Whatever of it is given back is data.
        const back = JSON.parse(echoed.body.toString()) as Record<string, unknown>;
        expect(back['polluted']).toBeUndefined();
        expect(back['name']).toBe('Ada');
      } else {
        expect(errorIn(echoed)).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
        expect(desk.received).toEqual([]);
      }
    }),
);

test('nor do they further in, in values of a nested class', () =>
  atDesk(async ({ port, desk }) => {
    const line =
      '{"sku":"tea","quantity":1,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    const reply = await post(port, '/desk/Desk.Order', `{"customer":"ada@example.com","lines":[${line}]}`);
    if (reply.status === 200) {
      const [order] = desk.received as OrderRequest[];
      expect(Object.getPrototypeOf(order)).toBe(OrderRequest.prototype);
      expect(Object.getPrototypeOf(order?.lines[0])).toBe(OrderLine.prototype);
      expect(Reflect.get(order?.lines[0] ?? {}, 'polluted')).toBeUndefined();
    } else {
      expect(errorIn(reply)).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    }
    expect(Reflect.get(OrderLine.prototype, 'polluted')).toBeUndefined();
  }));

test('a client can send such keys and get them back as data, or is refused; neither side is polluted', () =>
  atDesk(async ({ client, desk }) => {
    for (const contentType of ['application/json', 'application/msgpack']) {
      desk.received.length = 0;
      const value: unknown = JSON.parse(evil);
      const reply = await client.echo(value, { contentType }).catch((error: unknown) => error);
      if (reply instanceof Error) {
        expect(reply, contentType).toMatchObject({ code: 'InvalidArgument' });
        continue;
      }
      for (const side of [reply, desk.received[0]] as Record<string, unknown>[]) {
        expect([Object.prototype, null], contentType).toContain(Object.getPrototypeOf(side));
        expect(side['polluted'], contentType).toBeUndefined();
        expect(side['name'], contentType).toBe('Ada');
      }
    }
  }));

test('metadata named __proto__ and constructor arrives as data, in both directions', () =>
  atDesk(async ({ port, client }) => {
    const headers = { 'content-type': 'application/json', constructor: 'c', prototype: 'p', ['__proto__']: '{"a":1}' };
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
    for (const contentType of ['application/json', 'application/msgpack']) {
      desk.received.length = 0;
      const event: Noted = JSON.parse(
        '{"text":"hi","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
      );
      const refused = await publisher.publish(event, { contentType }).catch((error: unknown) => error);
      if (refused !== undefined)
        expect(refused, contentType).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
      await publisher.publish({ text: 'last' }, { contentType });
      await expect.poll(() => (desk.received.at(-1) as Noted | undefined)?.text, { message: contentType }).toBe('last');
      for (const received of desk.received) {
        expect(Object.getPrototypeOf(received), contentType).toBe(Noted.prototype);
        expect(Reflect.get(received as object, 'polluted'), contentType).toBeUndefined();
      }
    }
  }));
