import { connect, type Socket } from 'node:net';
import {
  type Codec,
  type EndpointKind,
  type IncomingCall,
  noMetadata,
  type Reply,
  ServiceError,
  type Tls,
} from '@tenon/contract';
import { until } from '../../../test/wire/test-call.js';
import { parseReplies, type RawReply } from './raw-peer.js';
import { count, streamed } from './stream-server.js';
import { type Answer, serve, type TestServer } from './test-server.js';

/** A go-micro client as far as its bytes go. */
export class RawStream {
  readonly socket: Socket;
  #heard = '';

  constructor({ number }: TestServer, reads = true) {
    this.socket = connect(number, '127.0.0.1');
    this.socket.on('error', () => {});
    if (reads) this.socket.on('data', (chunk) => (this.#heard += chunk.toString('latin1')));
  }

  send(text: string): void {
    this.socket.write(Buffer.from(text, 'latin1'));
  }

  /** Everything that came, when the server has ended the connection. */
  async all(): Promise<readonly RawReply[]> {
    if (!this.socket.closed) await new Promise((resolve) => this.socket.once('close', resolve));
    return parseReplies(this.#heard);
  }

  async replied(count: number): Promise<readonly RawReply[]> {
    await until(() => this.#heard.split('HTTP/1.1 200').length > count, `${count} replies came`);
    return parseReplies(this.#heard);
  }
}

/** A message of its stream. */
export function frame(endpoint: string, body: string, prefix = ''): string {
  return (
    `POST / HTTP/1.1\r\nHost: a\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: ${body.length}\r\n` +
    `Accept: application/json\r\nContent-Type: application/json\r\n${prefix}Micro-Endpoint: ${endpoint}\r\n` +
    `Micro-Id: 11\r\n${prefix}Micro-Method: ${endpoint}\r\n${prefix}Micro-Service: greeter\r\n` +
    `${prefix}Micro-Stream: 11\r\nX-Request-Id: abc\r\n\r\n${body}`
  );
}

/** The same in json-rpc. */
export function rpcFrame(endpoint: string, body: string): string {
  return frame(endpoint, body).replaceAll('application/json', 'application/json-rpc');
}

/** The end of its side, in chunks, as Go writes empty bodies. */
export function endOfStream(endpoint: string): string {
  const head = frame(endpoint, '').replace('Content-Length: 0', 'Transfer-Encoding: chunked');
  return `${head.replace('Micro-Id', 'Micro-Error: EOS\r\nMicro-Id')}0\r\n\r\n`;
}

/** A server's message. */
export function answer(fields: string, body: string): string {
  const lines = fields === '' ? '' : `${fields}\r\n`;
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${lines}Content-Length: ${body.length}\r\n\r\n${body}`;
}

async function* greetings(call: IncomingCall): AsyncIterable<unknown> {
  for await (const message of call.messages()) yield { msg: `got ${(message as { name: string }).name}` };
}

async function sumOf(call: IncomingCall): Promise<Reply> {
  let sum = 0;
  for await (const message of call.messages()) sum += message as number;
  return { value: sum, metadata: noMetadata };
}

/** A server with streams of every kind. */
export function serveMucp(
  answers: Readonly<Record<string, Answer>> = {},
  kinds: Readonly<Record<string, EndpointKind>> = {},
  codecs?: readonly Codec[],
  tls?: Tls,
): Promise<TestServer> {
  const usual: Readonly<Record<string, Answer>> = {
    'Greeter.Chat': (call) => streamed(greetings(call)),
    'Greeter.Count': (call) => streamed(count((call.decode() as { to: number }).to)),
    'Greeter.Forever': () => streamed(count(Number.POSITIVE_INFINITY)),
    'Greeter.Sum': sumOf,
    'Greeter.Fail': () => {
      throw new ServiceError('InvalidArgument', 'boom', { service: 'greeter' });
    },
  };
  const usualKinds = {
    Chat: 'bidi',
    Count: 'server',
    Forever: 'server',
    Sum: 'client',
    Fail: 'server',
    Hold: 'bidi',
  } as const;
  const named = Object.fromEntries(Object.entries(usualKinds).map(([name, kind]) => [`Greeter.${name}`, kind]));
  const bound = { ...(codecs && { codecs }), ...(tls && { tls }) };
  return serve({ ...usual, ...answers }, { kinds: { ...named, ...kinds }, ...bound });
}
