import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import {
  type CallHandler,
  type Clock,
  type Codec,
  type EndpointKind,
  type IncomingCall,
  type Listener,
  type Message,
  type Node,
  noMetadata,
  type Reply,
  type ServedCall,
  ServiceError,
  type Tls,
  type Transport,
} from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { SharedPort, type SharedPortOptions } from '@tenon/core';
import type { HttpOptions } from '../src/http-options.js';
import { httpTransport } from '../src/index.js';

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
  readonly codecs?: readonly Codec[];
  /** By endpoint; the others are unary where there is an answer. */
  readonly kinds?: Readonly<Record<string, EndpointKind>>;
  /** Takes the events that come as requests. */
  readonly deliver?: CallHandler['deliver'];
};

/**
 * Starts a server. `Greeter.Hello` greets, `Greeter.Echo` sends back value and metadata, `Greeter.Hold` never answers;
 * `answers` adds to these.
 */
export async function serve(
  answers: Readonly<Record<string, Answer>> = {},
  { tls, clock = systemClock(), codecs = newCodecs(), kinds = {}, deliver, ...options }: TestServerOptions = {},
): Promise<TestServer> {
  const port = new SharedPort({ instance: 'test', ...options }, silentLogger(), tls);
  const handler = new TestHandler({ ...usual, ...answers }, kinds, deliver);
  const listener = await newTransport({}, clock, codecs, tls).listen(port, handler);
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

function noEvents(): Promise<void> {
  return Promise.reject(new ServiceError('Unimplemented', 'no events are taken', { executed: 'no' }));
}

class TestHandler implements CallHandler {
  readonly received: IncomingCall[] = [];
  readonly cancels: ServiceError[] = [];
  readonly #answers: ReadonlyMap<string, Answer>;
  readonly #kinds: Readonly<Record<string, EndpointKind>>;
  readonly #deliver: NonNullable<CallHandler['deliver']>;

  constructor(
    answers: Readonly<Record<string, Answer>>,
    kinds: Readonly<Record<string, EndpointKind>>,
    deliver: NonNullable<CallHandler['deliver']> = noEvents,
  ) {
    this.#answers = new Map(Object.entries(answers));
    this.#kinds = kinds;
    this.#deliver = deliver;
  }

  deliver(topic: string, message: Message): Promise<void> {
    return this.#deliver(topic, message);
  }

  handle(call: IncomingCall): ServedCall {
    this.received.push(call);
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

  refusal(): undefined {
    return undefined;
  }

  kindOf(_service: string, endpoint: string): EndpointKind | undefined {
    return this.#answers.has(endpoint) ? (this.#kinds[endpoint] ?? 'unary') : undefined;
  }

  async #answer(call: IncomingCall, cancelled: Promise<never>): Promise<Reply> {
    const answer = this.#answers.get(call.endpoint);
    if (answer !== undefined) return answer(call, cancelled);
    throw new ServiceError('Unimplemented', `there is no endpoint ${call.endpoint}`, { executed: 'no' });
  }
}

export function newTransport(
  options: HttpOptions = {},
  clock: Clock = systemClock(),
  codecs = newCodecs(),
  tls?: Tls,
): Transport {
  const { create } = httpTransport(options);
  return (create as (...dependencies: unknown[]) => Transport)(codecs, tls, clock, silentLogger());
}

export function newCodecs(): readonly Codec[] {
  return [jsonCodec(), msgpackCodec()].map(({ create }) => (create as () => Codec)());
}

export function tenonNode(number: number): Node {
  return { id: `node-${number}`, address: `127.0.0.1:${number}`, metadata: { 'tenon-protocols': 'http' } };
}

export function mucpNode(number: number): Node {
  const metadata = { broker: 'http', protocol: 'mucp', registry: 'etcd', server: 'mucp', transport: 'http' };
  return { id: `greeter-${number}`, address: `127.0.0.1:${number}`, metadata };
}

const usual: Readonly<Record<string, Answer>> = {
  'Greeter.Hello': (call) => {
    const { name } = call.decode() as { readonly name: string };
    return { value: { msg: `Hello ${name}` }, metadata: noMetadata };
  },
  'Greeter.Echo': (call) => ({ value: call.decode(), metadata: call.metadata }),
  'Greeter.Hold': (_call, cancelled) => cancelled,
};
