import { create, createFileRegistry, type DescMessage, fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorSetSchema,
  file_google_protobuf_timestamp,
} from '@bufbuild/protobuf/wkt';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { protoFileOf } from '@tenon/protobuf';
import { Type } from 'class-transformer';
import { IsArray, IsDate, IsInt, IsString, ValidateNested } from 'class-validator';
import { type App, createApp, Endpoint, Service } from 'tenon';
import { afterEach, expect, test } from 'vitest';
import { allOf } from '../../../test/wire/test-call.js';
import { grpcTransport } from '../src/index.js';

class Line {
  @IsString()
  article!: string;
  @IsInt()
  amount!: number;
}

class Order {
  @IsString()
  id!: string;
  @IsDate()
  @Type(() => Date)
  dueOn!: Date;
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines!: Line[];
}

@Service('order-desk')
class Orders {
  @Endpoint({ response: Order })
  async place(order: Order): Promise<Order> {
    return { ...order, id: `placed ${order.id}` };
  }

  @Endpoint({ stream: 'bidi', request: Order, response: Line })
  async *pick(orders: AsyncIterable<Order>): AsyncIterable<Line> {
    for await (const { lines } of orders) yield* lines;
  }

  @Endpoint()
  async ping(): Promise<void> {}
}

const order: Order = { id: '7', dueOn: new Date('2026-12-01T02:30:00.000Z'), lines: [{ article: 'oak', amount: 2 }] };
const asJson = { id: '7', dueOn: '2026-12-01T02:30:00Z', lines: [{ article: 'oak', amount: '2' }] };

/** What a stranger makes of the .proto: nothing of Tenon is in it. */
const { descriptor } = protoFileOf('order-desk', [
  { name: 'Orders.Place', kind: 'unary', request: Order, response: Order },
  { name: 'Orders.Pick', kind: 'bidi', request: Order, response: Line },
]);
const messages = registryOf(descriptor);
let opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
  opened = [];
});

function registryOf(file: FileDescriptorProto): (name: string) => DescMessage {
  const registry = createFileRegistry(
    create(FileDescriptorSetSchema, { file: [file_google_protobuf_timestamp.proto, file] }),
  );
  return (name) => {
    const message = registry.getMessage(`order_desk.${name}`);
    if (message === undefined) throw new Error(`there is no ${name}`);
    return message;
  };
}

const write = (name: string) => (value: object) =>
  Buffer.from(toBinary(messages(name), create(messages(name), { ...value })));
const read = (name: string) => (bytes: Buffer) => toJson(messages(name), fromBinary(messages(name), bytes));
/** The same order in the stranger's own form. */
const theirs = {
  id: '7',
  dueOn: { seconds: BigInt(order.dueOn.getTime() / 1_000), nanos: 0 },
  lines: [{ article: 'oak', amount: 2n }],
};

async function started(...services: (typeof Orders)[]): Promise<App> {
  const app = await createApp({ profile: 'test', services, modules: [grpcTransport()], log: { level: 'silent' } });
  opened.push(() => app.close());
  await app.start();
  return app;
}

test('a stranger that has the .proto alone calls us, unary and in streams', async () => {
  const app = await started(Orders);
  const client = new Client(app.address?.listen ?? '', credentials.createInsecure());
  opened.push(() => client.close());
  const placed = await new Promise((resolve, reject) => {
    client.makeUnaryRequest('/order_desk.Orders/Place', write('Order'), read('Order'), theirs, (error, reply) =>
      error ? reject(error) : resolve(reply),
    );
  });
  expect(placed).toEqual({ ...asJson, id: 'placed 7' });
  const picked = client.makeBidiStreamRequest('/order_desk.Orders/Pick', write('Order'), read('Line'));
  picked.write(theirs);
  picked.write({ ...theirs, lines: [] });
  picked.end();
  expect(await allOf(picked)).toEqual([{ article: 'oak', amount: '2' }]);
  const pinged = await new Promise((resolve, reject) => {
    const nothing = () => Buffer.alloc(0);
    client.makeUnaryRequest(
      '/order_desk.Orders/Ping',
      nothing,
      (bytes) => bytes.length,
      {},
      (error, reply) => (error ? reject(error) : resolve(reply)),
    );
  });
  expect(pinged).toBe(0);
});

test('we call a stranger that has the .proto alone, and need to be told nothing', async () => {
  const server = new Server();
  const method = (name: string, reply: string, streams: boolean) => ({
    path: `/order_desk.Orders/${name}`,
    requestStream: streams,
    responseStream: streams,
    requestSerialize: write('Order'),
    requestDeserialize: read('Order'),
    responseSerialize: write(reply),
    responseDeserialize: read(reply),
  });
  let heard: unknown;
  server.addService(
    { Place: method('Place', 'Order', false), Pick: method('Pick', 'Line', true) },
    {
      Place: ({ request }: { request: unknown }, callback: (error: null, reply: object) => void) => {
        heard = request;
        callback(null, { ...theirs, id: 'placed there' });
      },
    },
  );
  opened.push(() => server.forceShutdown());
  const number = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
  const app = await createApp({ profile: 'test', modules: [grpcTransport()], log: { level: 'silent' } });
  opened.push(() => app.close());
  await app.start();
  const placed = await app.client(Orders).place(order, { address: `127.0.0.1:${number}` });
  expect(placed).toEqual({ ...order, id: 'placed there' });
  expect(heard).toEqual(asJson);
});
