import {
  Client,
  type ClientOptions,
  credentials,
  Metadata,
  type requestCallback,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type StatusObject,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

/** grpc-js's own client and server, whose messages are JSON. */
const toBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const fromBytes = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

/** What a unary call of grpc-js came to. */
export interface Heard {
  readonly value: unknown;
  readonly head: Metadata;
  readonly status: StatusObject;
}

export interface StrangerOptions {
  readonly metadata?: Metadata;
  readonly timeoutMs?: number;
}

/** A client of grpc-js, closed with its scope. */
export class Stranger implements Disposable {
  readonly client: Client;

  constructor(number: number, options: ClientOptions = {}, ca?: string) {
    const secure = ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca));
    this.client = new Client(`127.0.0.1:${number}`, secure, options);
  }

  unary(path: string, value: unknown, options: StrangerOptions = {}): Promise<Heard> {
    return new Promise((resolve) => {
      let answer: unknown;
      let head = new Metadata();
      const callback: requestCallback<unknown> = (_error, reply) => {
        answer = reply;
      };
      const call = this.client.makeUnaryRequest(path, toBytes, fromBytes, value, ...given(options), callback);
      call.on('metadata', (metadata: Metadata) => {
        head = metadata;
      });
      call.on('status', (status: StatusObject) => setImmediate(() => resolve({ value: answer, head, status })));
    });
  }

  server(path: string, value: unknown, options: StrangerOptions = {}) {
    return this.client.makeServerStreamRequest(path, toBytes, fromBytes, value, ...given(options));
  }

  clientStream(path: string, callback: requestCallback<unknown>, options: StrangerOptions = {}) {
    return this.client.makeClientStreamRequest(path, toBytes, fromBytes, ...given(options), callback);
  }

  bidi(path: string, options: StrangerOptions = {}) {
    return this.client.makeBidiStreamRequest(path, toBytes, fromBytes, ...given(options));
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

function given({ metadata = new Metadata(), timeoutMs }: StrangerOptions) {
  return [metadata, timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs }] as const;
}

/** The status that a call of grpc-js ends with. */
export function statusOf(call: { on(event: 'status', listener: (status: StatusObject) => void): unknown }) {
  return new Promise<StatusObject>((resolve) => call.on('status', resolve));
}

/** A server of grpc-js for the service `greeter.Greeter`. */
export async function strangeServer(
  implementation: UntypedServiceImplementation,
  options: ConstructorParameters<typeof Server>[0] = {},
): Promise<{ readonly number: number } & AsyncDisposable> {
  const server = new Server(options);
  server.addService(definition, implementation);
  const number = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
  return {
    number,
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}

const definition: ServiceDefinition = Object.fromEntries(
  (
    [
      ['Hello', false, false],
      ['Echo', false, false],
      ['Hold', false, false],
      ['Count', false, true],
      ['Total', true, false],
      ['Double', true, true],
    ] as const
  ).map(([name, requestStream, responseStream]) => [
    name,
    {
      path: `/greeter.Greeter/${name}`,
      requestStream,
      responseStream,
      requestSerialize: toBytes,
      requestDeserialize: fromBytes,
      responseSerialize: toBytes,
      responseDeserialize: fromBytes,
    },
  ]),
);
