import {
  type CallHandler,
  type Clock,
  type Connection,
  type EndpointDescriptor,
  type EndpointKind,
  type IncomingCall,
  type Listener,
  type Node,
  noMetadata,
  type Reply,
  type ServedCall,
  ServiceError,
  type Tls,
} from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { SharedPort } from '@tenon/core';
import type { TcpOptions } from '../src/index.js';
import { type ClosableTransport, newTransport, nodeAt } from './fixture.js';

/** What a test's server does with the calls to one endpoint. Nothing returned: the test answers itself. */
export type Answer = (call: IncomingCall) => Reply | undefined | Promise<Reply | undefined>;

export interface ServingOptions {
  readonly tcp?: TcpOptions;
  readonly maxMessageBytes?: number;
  readonly tls?: Tls;
  readonly logger?: ReturnType<typeof silentLogger>;
  readonly clock?: Clock;
}

/** A server of the service `greeter` on a loopback port. */
export class Serving implements CallHandler {
  readonly received: IncomingCall[] = [];
  readonly cancels: ServiceError[] = [];
  node: Node = nodeAt('127.0.0.1:1');
  #answers: Readonly<Record<string, Answer>>;
  #listener: Listener | undefined;
  #port: SharedPort | undefined;
  #transport: ClosableTransport | undefined;

  private constructor(answers: Readonly<Record<string, Answer>>) {
    this.#answers = { ...usual, ...answers };
  }

  static async start(answers: Readonly<Record<string, Answer>> = {}, options: ServingOptions = {}): Promise<Serving> {
    const serving = new Serving(answers);
    const { tcp, maxMessageBytes = 4 * 1_024 * 1_024, tls, logger = silentLogger(), clock } = options;
    const port = new SharedPort({ instance: 'run-1', maxMessageBytes }, logger, tls);
    const given = { ...(tcp === undefined ? {} : { options: tcp }), ...(clock === undefined ? {} : { clock }) };
    const transport = newTransport({ ...given, tls, logger });
    serving.#transport = transport;
    serving.#port = port;
    serving.#listener = await transport.listen(port, serving);
    const address = await port.open();
    serving.node = nodeAt(`${address?.host}:${address?.port}`, 'greeter-1');
    return serving;
  }

  get port(): number {
    return Number(this.node.address.split(':')[1]);
  }

  get listener(): Listener {
    return this.#listener as Listener;
  }

  /** Changes what one endpoint does. */
  answer(endpoint: string, answer: Answer): void {
    this.#answers = { ...this.#answers, [endpoint]: answer };
  }

  handle(call: IncomingCall): ServedCall {
    this.received.push(call);
    const answer = Object.hasOwn(this.#answers, call.endpoint) ? this.#answers[call.endpoint] : undefined;
    void this.#answer(call, answer);
    return { cancel: (reason) => this.cancels.push(reason) };
  }

  refusal(service: string): ServiceError | undefined {
    if (service === 'greeter') return undefined;
    return new ServiceError('Unimplemented', `there is no service ${service} here`, { executed: 'no' });
  }

  kindOf(): EndpointKind | undefined {
    return undefined;
  }

  async close(): Promise<void> {
    await this.#listener?.close();
    await this.#port?.close();
    await this.#transport?.close();
  }

  async #answer(call: IncomingCall, answer: Answer | undefined): Promise<void> {
    try {
      if (answer === undefined) throw new ServiceError('Unimplemented', 'no such endpoint', { executed: 'no' });
      const reply = await answer(call);
      if (reply !== undefined) call.reply(reply);
    } catch (thrown) {
      call.fail(ServiceError.from(thrown));
    }
  }
}

export function replyOf(value: unknown): Reply {
  return { value, metadata: noMetadata };
}

export function streamOf(messages: AsyncIterable<unknown>): Reply {
  return { value: undefined, messages, metadata: noMetadata };
}

export function endpointOf(name: string, kind: EndpointKind = 'unary'): EndpointDescriptor {
  return { service: 'greeter', name: `Greeter.${name}`, kind, idempotent: false };
}

/** One unary call. */
export function call(connection: Connection, name: string, value: unknown, timeoutMs = 30_000): Promise<Reply> {
  const deadline = performance.now() + timeoutMs;
  return connection.unary({ endpoint: endpointOf(name), value, metadata: noMetadata, deadline });
}

/** A stream of any kind. */
export function stream(
  connection: Connection,
  name: string,
  kind: EndpointKind,
  given: { readonly value?: unknown; readonly messages?: AsyncIterable<unknown> },
): Promise<Reply> {
  return connection.stream({
    endpoint: endpointOf(name, kind),
    value: given.value,
    messages: given.messages,
    metadata: noMetadata,
    deadline: Number.POSITIVE_INFINITY,
  });
}

/** Waits for a condition, with a bound. */
export async function until(condition: () => boolean, what: string, withinMs = 10_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** What a call failed with. */
export async function failure(promise: Promise<unknown>): Promise<ServiceError> {
  return promise.then(
    () => {
      throw new Error('it succeeded');
    },
    (thrown) => {
      if (thrown instanceof ServiceError) return thrown;
      throw thrown;
    },
  );
}

const usual: Readonly<Record<string, Answer>> = {
  'Greeter.Hello': (incoming) => replyOf({ hello: incoming.decode() }),
  'Greeter.Echo': (incoming) => replyOf(incoming.decode()),
  'Greeter.Hold': () => undefined,
  'Greeter.Count': (incoming) => {
    const to = incoming.decode() as number;
    return streamOf(
      (async function* () {
        for (let n = 0; n < to; n += 1) yield n;
      })(),
    );
  },
  'Greeter.Sum': async (incoming) => {
    let sum = 0;
    for await (const n of incoming.messages()) sum += n as number;
    return replyOf(sum);
  },
  'Greeter.Chat': (incoming) =>
    streamOf(
      (async function* () {
        for await (const message of incoming.messages()) yield message;
      })(),
    ),
};
