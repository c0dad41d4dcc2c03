import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Type } from 'class-transformer';
import { IsArray, IsDate, IsInt, IsString, ValidateNested } from 'class-validator';
import { type App, createApp, Endpoint, Service } from 'tenon';
import { afterEach, expect, test } from 'vitest';
import { until } from '../../../test/wire/test-call.js';
import { type GrpcOptions, grpcTransport } from '../src/index.js';
import { readFields } from '../src/status/rpc-status.js';
import { ask, framed, openSession } from './raw-http2.js';

class Line {
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
    return order;
  }

  @Endpoint({ stream: 'server', response: Order })
  async *watch(order: Order): AsyncIterable<Order> {
    yield order;
  }
}

let app: App | undefined;

afterEach(() => app?.close());

async function started(options: GrpcOptions = {}): Promise<number> {
  app = await createApp({
    profile: 'test',
    services: [Orders],
    modules: [grpcTransport(options)],
    log: { level: 'silent' },
  });
  await app.start();
  return Number(app.address?.listen.split(':')[1]);
}

const paths = ['v1', 'v1alpha'].map((version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);
const proto = { 'content-type': 'application/grpc' };

/** `ServerReflectionRequest` with one question in it. */
function question(field: number, text: string): Buffer {
  return framed(Buffer.from(new BinaryWriter().tag(field, WireType.LengthDelimited).string(text).finish()));
}

interface Answered {
  readonly services: readonly string[];
  readonly files: readonly FileDescriptorProto[];
  readonly error: string;
}

/** The answers in the body of a reply, message by message. */
function answersIn(body: string): readonly Answered[] {
  const answers: Answered[] = [];
  let rest = Buffer.from(body, 'latin1');
  while (rest.length > 0) {
    const end = 5 + rest.readUInt32BE(1);
    answers.push(answerIn(rest.subarray(5, end)));
    rest = rest.subarray(end);
  }
  return answers;
}

function answerIn(bytes: Uint8Array): Answered {
  const services: string[] = [];
  const files: FileDescriptorProto[] = [];
  let error = '';
  readFields(bytes, (reader, field) => {
    if (field !== 4 && field !== 6 && field !== 7) return false;
    readFields(reader.bytes(), (inner, of) => {
      if (field === 4) files.push(fromBinary(FileDescriptorProtoSchema, inner.bytes()));
      else if (field === 6) readFields(inner.bytes(), (name) => services.push(name.string()) > 0);
      else if (of === 2) error = inner.string();
      else return false;
      return true;
    });
    return true;
  });
  return { services, files, error };
}

test.each(paths)('%s tells the services, and of each what protobuf has to know', async (path) => {
  const session = await openSession(await started());
  const reply = await ask(session, path, Buffer.concat([question(7, ''), question(4, 'order_desk.Orders')]), proto);
  const [list, described] = answersIn(reply.body);
  expect(reply.status).toBe('0');
  expect(list?.services).toEqual(['order_desk.Orders', 'grpc.health.v1.Health']);
  // All that is imported came along, or this would throw.
  const registry = createFileRegistry(
    create(FileDescriptorSetSchema, { file: [...(described?.files ?? [])].reverse() }),
  );
  const service = registry.getService('order_desk.Orders');
  expect(service?.methods.map(({ name, methodKind }) => [name, methodKind])).toEqual([
    ['Place', 'unary'],
    ['Watch', 'server_streaming'],
  ]);
  expect(registry.getMessage('order_desk.Order')?.fields.map(({ name }) => name)).toEqual(['id', 'due_on', 'lines']);
  session.destroy();
});

test('files, messages, methods, the health service and what is well known are found by name; what is not is an answer', async () => {
  const session = await openSession(await started());
  const asked = async (field: number, text: string) => {
    const reply = await ask(session, paths[0] ?? '', question(field, text), proto);
    const [answer] = answersIn(reply.body);
    return [reply.status, answer?.files[0]?.name ?? answer?.error];
  };
  expect(await asked(4, 'order_desk.Order')).toEqual(['0', 'order_desk.proto']);
  expect(await asked(4, '.order_desk.Orders.Place')).toEqual(['0', 'order_desk.proto']);
  expect(await asked(3, 'order_desk.proto')).toEqual(['0', 'order_desk.proto']);
  expect(await asked(4, 'grpc.health.v1.HealthCheckResponse.ServingStatus')).toEqual([
    '0',
    'grpc/health/v1/health.proto',
  ]);
  expect(await asked(3, 'google/protobuf/timestamp.proto')).toEqual(['0', 'google/protobuf/timestamp.proto']);
  expect(await asked(4, 'order_desk.Nope')).toEqual(['0', 'there is no symbol order_desk.Nope']);
  expect(await asked(4, '__proto__')).toEqual(['0', 'there is no symbol __proto__']);
  expect(await asked(3, '../etc/passwd')).toEqual(['0', 'there is no file ../etc/passwd']);
  expect((await asked(6, 'order_desk.Order'))[1]).toMatch(/no extensions/);
  session.destroy();
});

test('bytes that are no question end their stream alone, and without reflection nobody answers', async () => {
  const session = await openSession(await started());
  expect((await ask(session, paths[0] ?? '', framed('\xff'), proto)).status).toBe('3');
  expect((await ask(session, paths[0] ?? '', question(7, ''), proto)).status).toBe('0');
  session.destroy();
  await app?.close();
  const other = await openSession(await started({ reflection: false }));
  expect((await ask(other, paths[0] ?? '', question(7, ''), proto)).status).toBe('12');
  other.destroy();
});

test('a tool that keeps its stream open does not keep the server from leaving', async () => {
  const session = await openSession(await started());
  const stream = session.request({ ':method': 'POST', ':path': paths[0], ...proto });
  let status: unknown;
  stream.on('error', () => {});
  stream.on('trailers', (fields) => {
    status = fields['grpc-status'];
  });
  let answered = false;
  stream.on('data', () => {
    answered = true;
  });
  stream.write(question(7, ''));
  await until(() => answered, 'it was answered');
  await app?.drain();
  await until(() => status !== undefined, 'it was told');
  expect(status).toBe('14');
  session.destroy();
});
