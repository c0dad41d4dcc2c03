import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import {
  type Clock,
  type Codec,
  type Connection,
  type IncomingCall,
  type Listener,
  type Metadata,
  type Node,
  noMetadata,
  type Reply,
  ServiceError,
  type Transport,
} from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { SharedPort, type SharedPortOptions } from '@tenon/core';
import type { HttpOptions } from '../src/http-options.js';
import { httpTransport } from '../src/index.js';

/** What a test's server does with one endpoint. */
export type Answer = (call: IncomingCall) => Promise<Reply> | Reply;

/** A server on a loopback port, with everything that reached its handler. */
export interface TestServer extends AsyncDisposable {
  readonly number: number;
  readonly node: Node;
  readonly port: SharedPort;
  readonly listener: Listener;
  readonly received: readonly IncomingCall[];
}

/**
 * Starts a server. `Greeter.Hello` greets, `Greeter.Echo` sends back value and metadata, `Greeter.Hold` never answers;
 * `answers` adds to these.
 */
export async function serve(
  answers: Readonly<Record<string, Answer>> = {},
  options: Partial<SharedPortOptions> = {},
): Promise<TestServer> {
  const port = new SharedPort({ instance: 'test', ...options });
  const received: IncomingCall[] = [];
  const all: Readonly<Record<string, Answer>> = { ...usual, ...answers };
  const listener = await newTransport().listen(port, {
    unary: async (call) => {
      received.push(call);
      const answer = Object.hasOwn(all, call.endpoint) ? all[call.endpoint] : undefined;
      if (answer !== undefined) return answer(call);
      throw new ServiceError('Unimplemented', `there is no endpoint ${call.endpoint}`, { executed: 'no' });
    },
  });
  const address = await port.open();
  const number = address?.port ?? 0;
  return {
    number,
    node: tenonNode(number),
    port,
    listener,
    received,
    [Symbol.asyncDispose]: async () => {
      await listener.close();
      await port.close();
    },
  };
}

export function newTransport(options: HttpOptions = {}, clock: Clock = systemClock(), codecs = newCodecs()): Transport {
  const { create } = httpTransport(options);
  return (create as (...dependencies: unknown[]) => Transport)(codecs, clock, silentLogger());
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

/** One call with what a test does not care about left out. */
export function call(
  connection: Connection,
  name: string,
  value: unknown,
  rest: {
    readonly metadata?: Metadata;
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
    readonly contentType?: string;
  } = {},
): Promise<Reply> {
  const { metadata = noMetadata, timeoutMs = 10_000, ...others } = rest;
  return connection.unary({
    endpoint: { service: 'greeter', name: `Greeter.${name}`, kind: 'unary', idempotent: false },
    value,
    metadata,
    deadline: performance.now() + timeoutMs,
    ...others,
  });
}

/** Waits for a condition, with a bound. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const usual: Readonly<Record<string, Answer>> = {
  'Greeter.Hello': (call) => {
    const { name } = call.decode() as { readonly name: string };
    return { value: { msg: `Hello ${name}` }, metadata: noMetadata };
  },
  'Greeter.Echo': (call) => ({ value: call.decode(), metadata: call.metadata }),
  'Greeter.Hold': (call) =>
    new Promise((_resolve, reject) => {
      call.onCancel(reject);
    }),
};
