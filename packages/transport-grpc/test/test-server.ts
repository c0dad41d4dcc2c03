import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import {
  type CallHandler,
  type Clock,
  type Codec,
  type EndpointKind,
  type IncomingCall,
  type Listener,
  type Logger,
  type Node,
  noMetadata,
  type Reply,
  type ServedCall,
  ServiceError,
  type ServiceRecord,
  type Tls,
  type Transport,
} from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { SharedPort, type SharedPortOptions } from '@tenon/core';
import type { GrpcOptions } from '../src/grpc-options.js';
import { grpcTransport } from '../src/index.js';

/** What a test's server does with one endpoint; `cancelled` rejects when the call is cancelled. */
export type Answer = (call: IncomingCall, cancelled: Promise<never>) => Promise<Reply> | Reply;

/** A server on a loopback port, with everything that reached its handler. */
export interface TestServer extends AsyncDisposable {
  readonly number: number;
  readonly node: Node;
  readonly port: SharedPort;
  readonly listener: Listener;
  readonly received: readonly IncomingCall[];
  /** What the calls were told through `ServedCall.cancel`, oldest first. */
  readonly cancels: readonly ServiceError[];
}

/** What {@link serve} may be told. */
export type TestServerOptions = Partial<SharedPortOptions> & {
  readonly tls?: Tls;
  readonly clock?: Clock;
  readonly grpc?: GrpcOptions;
  readonly logger?: Logger;
  /** By endpoint; the others are unary where there is an answer. */
  readonly kinds?: Readonly<Record<string, EndpointKind>>;
  readonly services?: readonly string[];
};

/**
 * Starts a server of the service `greeter`. `Greeter.Hello` greets, `Greeter.Echo` sends back value and metadata, `Greeter.Hold`
 * never answers, `Greeter.Count` streams numbers, `Greeter.Total` adds a stream up, `Greeter.Double` doubles one.
 */
export async function serve(
  answers: Readonly<Record<string, Answer>> = {},
  options: TestServerOptions = {},
): Promise<TestServer> {
  const { tls, clock = systemClock(), kinds = {}, grpc = {}, services = ['greeter'], logger, ...rest } = options;
  const port = new SharedPort({ instance: 'test', ...rest }, logger ?? silentLogger(), tls, clock);
  const handler = new TestHandler({ ...usual, ...answers }, { ...usualKinds, ...kinds }, services);
  const listener = await newTransport(grpc, tls, clock).listen(port, handler);
  const address = await port.open();
  const number = address?.port ?? 0;
  return {
    number,
    node: tenonNode(number),
    port,
    listener,
    received: handler.received,
    cancels: handler.cancels,
    [Symbol.asyncDispose]: async () => {
      await listener.close();
      await port.close();
    },
  };
}

class TestHandler implements CallHandler {
  readonly received: IncomingCall[] = [];
  readonly cancels: ServiceError[] = [];
  readonly #answers: ReadonlyMap<string, Answer>;
  readonly #kinds: Readonly<Record<string, EndpointKind>>;
  readonly #services: readonly string[];

  constructor(
    answers: Readonly<Record<string, Answer>>,
    kinds: Readonly<Record<string, EndpointKind>>,
    services: readonly string[],
  ) {
    this.#answers = new Map(Object.entries(answers));
    this.#kinds = kinds;
    this.#services = services;
  }

  handle(call: IncomingCall): ServedCall {
    if (!call.endpoint.startsWith('Health.')) this.received.push(call);
    let cancel: (reason: ServiceError) => void = () => {};
    const cancelled = new Promise<never>((_resolve, reject) => {
      cancel = reject;
    });
    cancelled.catch(() => {});
    this.#answer(call, cancelled).then(
      (reply) => call.reply(reply),
      (thrown) => call.fail(ServiceError.from(thrown)),
    );
    return {
      cancel: (reason) => {
        this.cancels.push(reason);
        cancel(reason);
      },
    };
  }

  refusal(service: string): ServiceError | undefined {
    if (this.#services.includes(service)) return undefined;
    return ServiceError.refusal('Unimplemented', `there is no service ${service}`, { executed: 'no' });
  }

  kindOf(service: string, endpoint: string): EndpointKind | undefined {
    if (service !== '' && !this.#services.includes(service)) return undefined;
    return this.#answers.has(endpoint) ? (this.#kinds[endpoint] ?? 'unary') : undefined;
  }

  services(): readonly ServiceRecord[] {
    return this.#services.map((name) => ({ name, version: '1.0.0', metadata: noMetadata, endpoints: [], nodes: [] }));
  }

  async #answer(call: IncomingCall, cancelled: Promise<never>): Promise<Reply> {
    const answer = this.#answers.get(call.endpoint);
    const served = call.service === '' || this.#services.includes(call.service);
    if (answer !== undefined && served) return answer(call, cancelled);
    throw ServiceError.refusal('Unimplemented', `there is no endpoint ${call.endpoint} of ${call.service}`, {
      executed: 'no',
    });
  }
}

export function newTransport(options: GrpcOptions = {}, tls?: Tls, clock: Clock = systemClock()): Transport {
  const { create } = grpcTransport(options);
  return (create as (...dependencies: unknown[]) => Transport)(newCodecs(), tls, clock, silentLogger());
}

/** What grpc-js says is protobuf is JSON here: tests about the wire need no schemas. */
export function newCodecs(): readonly Codec[] {
  const [json, msgpack] = [jsonCodec(), msgpackCodec()].map(({ create }) => (create as () => Codec)());
  if (json === undefined || msgpack === undefined) throw new Error('there are two');
  const { aliases, capabilities } = json;
  return [
    json,
    msgpack,
    { contentType: 'application/protobuf', aliases, capabilities, open: (link) => json.open(link) },
  ];
}

export function tenonNode(number: number): Node {
  return { id: `node-${number}`, address: `127.0.0.1:${number}`, metadata: { 'tenon-protocols': 'grpc' } };
}

/** A node of which nothing is known but where it is. */
export function strangeNode(number: number): Node {
  return { id: '', address: `127.0.0.1:${number}`, metadata: {} };
}

export function streamed(messages: AsyncIterable<unknown>): Reply {
  return { value: undefined, messages, metadata: noMetadata };
}

const usual: Readonly<Record<string, Answer>> = {
  'Greeter.Hello': (call) => {
    const { name } = call.decode() as { readonly name: string };
    return { value: { msg: `Hello ${name}` }, metadata: noMetadata };
  },
  'Greeter.Echo': (call) => ({ value: call.decode(), metadata: call.metadata }),
  'Greeter.Hold': (_call, cancelled) => cancelled,
  'Greeter.Count': (call) => {
    const { to, fail } = call.decode() as { readonly to: number; readonly fail?: boolean };
    return streamed(
      (async function* () {
        for (let n = 1; n <= to; n += 1) yield { n };
        if (fail) throw new ServiceError('NotFound', `no ${to + 1}`, { details: { at: to }, executed: 'yes' });
      })(),
    );
  },
  'Greeter.Total': async (call) => {
    let total = 0;
    for await (const n of call.messages()) total += n as number;
    return { value: { total }, metadata: noMetadata };
  },
  'Greeter.Double': (call) =>
    streamed(
      (async function* () {
        for await (const n of call.messages()) yield (n as number) * 2;
      })(),
    ),
};

const usualKinds: Readonly<Record<string, EndpointKind>> = {
  'Greeter.Count': 'server',
  'Greeter.Total': 'client',
  'Greeter.Double': 'bidi',
};
