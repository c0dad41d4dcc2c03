import { protobufCodec } from '@tenon/codec-protobuf';
import { updateLock } from '@tenon/protobuf';
import { Type } from 'class-transformer';
import { IsArray, IsDate, IsIn, IsInt, IsOptional, IsString, Min, MinLength, ValidateNested } from 'class-validator';
import { type App, anything, createApp, Endpoint, Event, Service, Subscribe } from 'tenon';
import { afterEach, describe, expect, test } from 'vitest';
import { TestFleet } from './fleet.js';
import { post } from './raw-http.js';

// protobuf by the classes of a service, over every wire and in go-micro's two forms.

class Line {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

class Order {
  @IsString() @MinLength(1) customer!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
  @IsOptional() @IsDate() @Type(() => Date) dueOn?: Date;
  @IsIn(['low', 'high']) urgency!: string;
}

class Receipt {
  @IsString() customer!: string;
  @IsInt() items!: number;
  @Type(() => BigInt) cents!: bigint;
  @IsOptional() @IsDate() @Type(() => Date) dueOn?: Date;
}

class Hello {
  @IsString() text!: string;
}

@Event('order.placed')
class OrderPlaced {
  @IsString() id!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
}

const heard: OrderPlaced[] = [];

@Service('shop')
class Shop {
  @Endpoint({ response: Receipt })
  async order({ customer, lines, dueOn }: Order): Promise<Receipt> {
    const items = lines.reduce((sum, { quantity }) => sum + quantity, 0);
    return { customer, items, cents: 2n ** 60n + BigInt(items), ...(dueOn === undefined ? {} : { dueOn }) };
  }

  @Endpoint({ stream: 'server', response: Line })
  async *lines({ lines }: Order): AsyncIterable<Line> {
    yield* lines;
  }

  @Endpoint({ response: Hello })
  async echo(hello: Hello): Promise<Hello> {
    return hello;
  }

  @Endpoint({ response: Hello })
  async broken(_hello: Hello): Promise<Hello> {
    return { text: 7 } as unknown as Hello;
  }

  @Endpoint()
  async close(_hello: Hello): Promise<void> {}

  @Endpoint()
  async loose(_hello: Hello): Promise<{ text: string }> {
    return { text: 'of no class' };
  }

  @Endpoint({ request: anything })
  async reversed(bytes: Uint8Array): Promise<Uint8Array> {
    return Uint8Array.from(bytes).reverse();
  }

  @Subscribe(OrderPlaced)
  async onOrderPlaced(event: OrderPlaced): Promise<void> {
    heard.push(event);
  }
}

const contentType = 'application/protobuf';
const order = {
  customer: 'Ada',
  lines: [
    { sku: 'a', quantity: 2 },
    { sku: 'b', quantity: 1 },
  ],
  urgency: 'high',
};

describe.each(['memory', 'http', 'http under TLS', 'tenon/1'] as const)('over %s', (wire) => {
  let fleet = new TestFleet(wire);

  afterEach(async () => {
    await fleet.close();
    fleet = new TestFleet(wire);
  });

  async function shop() {
    await fleet.start({ services: [Shop] });
    return (await fleet.start()).client(Shop);
  }

  test('requests, replies and streams of classes', async () => {
    const client = await shop();
    const dueOn = new Date('2026-05-04T03:02:01.5Z');
    expect(await client.order({ ...order, dueOn }, { contentType })).toEqual({
      customer: 'Ada',
      items: 3,
      cents: 2n ** 60n + 3n,
      dueOn,
    });
    expect(await client.order(order, { contentType })).toEqual({ customer: 'Ada', items: 3, cents: 2n ** 60n + 3n });
    const received: unknown[] = [];
    for await (const line of client.lines(order, { contentType })) received.push(line);
    expect(received).toEqual(order.lines);
  });

  test('what breaks a rule, and what does not fit its class, is refused', async () => {
    const client = await shop();
    await expect(client.order({ ...order, customer: '' }, { contentType })).rejects.toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
      rawMessage: expect.stringContaining('customer'),
    });
    await expect(
      client.order({ ...order, lines: [{ sku: 'a', quantity: 'two' as never }] }, { contentType }),
    ).rejects.toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
      rawMessage: expect.stringContaining('Line.quantity is a text, not a whole number'),
    });
    await expect(client.broken({ text: 'a' }, { contentType })).rejects.toMatchObject({ code: 'Internal' });
  });

  test('a reply without a class may be nothing, and nothing else', async () => {
    const client = await shop();
    expect((await client.close({ text: 'a' }, { contentType })) ?? {}).toEqual({});
    await expect(client.loose({ text: 'a' }, { contentType })).rejects.toMatchObject({ code: 'Internal' });
  });

  test('events', async () => {
    const app = await fleet.start({ services: [Shop] });
    heard.length = 0;
    await app.publisher(OrderPlaced).publish({ id: 'o-1', lines: order.lines }, { contentType });
    await expect.poll(() => heard).toEqual([{ id: 'o-1', lines: order.lines }]);
    expect(heard[0]).toBeInstanceOf(OrderPlaced);
  });
});

describe('go-micro, over HTTP', () => {
  const fleet = new TestFleet('http');

  afterEach(() => fleet.close());

  const ask = async (type: string, hex: string, endpoint = 'Shop.Echo') => {
    const app: App = await fleet.start({ services: [Shop] });
    const port = Number(app.address?.listen.split(':').at(-1));
    const micro = { 'Micro-Service': 'shop', 'Micro-Endpoint': endpoint, 'Micro-Id': '6' };
    const reply = await post(port, '/', Buffer.from(hex, 'hex'), { 'Content-Type': type, ...micro });
    return { ...reply, hex: reply.body.toString('hex') };
  };

  test.each([
    ['application/protobuf', '0a026869', '0a026869'],
    [
      'application/proto-rpc',
      '000000170a0c477265657465722e4563686f110600000000000000000000040a026869',
      '00000009110600000000000000000000040a026869',
    ],
  ])('%s, in the bytes that were captured', async (type, request, answer) => {
    expect(await ask(type, request)).toMatchObject({ status: 200, hex: answer, headers: { 'content-type': type } });
  });

  test('an empty message is no bytes', async () => {
    expect(await ask('application/protobuf', '')).toMatchObject({ status: 200, hex: '' });
  });

  test('application/octet-stream', async () => {
    expect(await ask('application/octet-stream', '010203', 'Shop.Reversed')).toMatchObject({
      status: 200,
      hex: '030201',
    });
  });

  test('malformed bytes are an error in its form', async () => {
    const { status, headers } = await ask('application/protobuf', '0a05');
    expect(status).toBe(200);
    expect(JSON.parse(headers['micro-error'] as string)).toMatchObject({ code: 400, id: 'shop' });
  });
});

test('a class that does not agree with its lock fails the start', async () => {
  const app = () =>
    createApp({
      services: [Shop],
      profile: 'test',
      log: { level: 'silent' },
      modules: [protobufCodec({ locks: [updateLock('shop', [])] })],
    }).then((made) => made.start().finally(() => made.close()));
  await expect(app()).rejects.toMatchObject({
    code: 'FailedPrecondition',
    message: expect.stringContaining('the lock of shop has no message Order'),
  });
});
