import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import {
  type ClaimedConnection,
  type Clock,
  type ConnectionClaim,
  type Http2Claim,
  type HttpClaim,
  type HttpConnectionClaim,
  Tls,
  type TlsMaterial,
} from '@tenon/contract';
import { afterEach } from 'vitest';
import { pem } from '../../../../test/tls/test-tls.js';
import { SharedPort, type SharedPortOptions } from '../../src/port/index.js';
import { RecordingLogger } from '../recording-logger.js';

const ports: SharedPort[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const port of ports.splice(0)) await port.close();
});

/** One claim of any kind, put on a port by {@link openPort}. */
export type AnyClaim =
  | { readonly http: HttpClaim }
  | { readonly http2: Http2Claim }
  | { readonly httpConnection: HttpConnectionClaim }
  | { readonly connection: ConnectionClaim };

export interface OpenPort {
  readonly port: SharedPort;
  readonly number: number;
  readonly logger: RecordingLogger;
  readonly encrypted: boolean;
}

export async function openPort(
  claims: readonly AnyClaim[],
  options: Partial<SharedPortOptions> = {},
  tls?: Tls,
  clock?: Clock,
): Promise<OpenPort> {
  const logger = new RecordingLogger();
  const port = new SharedPort({ instance: 'test', ...options }, logger, tls, clock);
  ports.push(port);
  for (const claim of claims) {
    if ('http' in claim) port.claimHttp(claim.http);
    else if ('http2' in claim) port.claimHttp2(claim.http2);
    else if ('httpConnection' in claim) port.claimHttpConnection(claim.httpConnection);
    else port.claimConnection(claim.connection);
  }
  const address = await port.open();
  return { port, number: address?.port ?? 0, logger, encrypted: port.encrypted };
}

/** Answers every request with its own name. */
export function http(name = 'http'): AnyClaim {
  return { http: { name, accepts: () => true, handle: (_request, response) => response.end(name) } };
}

/** Answers the requests that it accepts with its own name. */
export function http2(name = 'http2', accepts: (headers: IncomingHttpHeaders) => boolean = () => true): AnyClaim {
  const handle = (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': 200 });
    stream.end(name);
  };
  return { http2: { name, accepts, handle } };
}

/** A protocol of its own that sends back what it gets, and ends when the peer does. */
export function echo(name = 'echo', start = `${name}!`, taken: ClaimedConnection[] = []): AnyClaim {
  const handle = (connection: ClaimedConnection): void => {
    taken.push(connection);
    connection.socket.on('error', () => {});
    connection.socket.on('data', (chunk: Buffer) => connection.socket.write(chunk));
  };
  return { connection: { name, firstBytes: Buffer.from(start), alpn: name, handle } };
}

/** Takes whole HTTP/1.1 connections whose first request has the header, and answers all in its own way. */
export function ownParser(header: string, taken: ClaimedConnection[] = []): AnyClaim {
  const handle = (connection: ClaimedConnection): void => {
    taken.push(connection);
    connection.socket.on('error', () => {});
    let read = '';
    connection.socket.on('data', (chunk: Buffer) => {
      read += chunk.toString('latin1');
      for (let end = read.indexOf('\r\n\r\n'); end >= 0; end = read.indexOf('\r\n\r\n')) {
        const path = read.split(' ', 2)[1];
        read = read.slice(end + 4);
        connection.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${4 + String(path).length}\r\n\r\nown ${path}`);
      }
    });
  };
  return { httpConnection: { name: 'own', accepts: ({ headers }) => headers[header] !== undefined, handle } };
}

export function keyPair(name: string): { readonly cert: string; readonly key: string } {
  return { cert: pem(name), key: pem(`${name}-key`) };
}

/** Material that stands still until `change`. */
export class FixedTls implements Tls {
  material: TlsMaterial;
  readonly mutual: boolean;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly serverName: string | undefined;
  readonly listeners = new Set<() => void>();

  constructor(material: TlsMaterial, fields: Partial<Pick<Tls, 'mutual' | 'minVersion' | 'serverName'>> = {}) {
    this.material = material;
    this.mutual = fields.mutual ?? false;
    this.minVersion = fields.minVersion ?? 'TLSv1.3';
    this.serverName = fields.serverName;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  change(material: TlsMaterial): void {
    this.material = material;
    for (const listener of this.listeners) listener();
  }
}

export function serverTls(fields: ConstructorParameters<typeof FixedTls>[1] = {}): FixedTls {
  return new FixedTls({ ca: pem('ca'), ...keyPair('server') }, fields);
}

/** The two ways of every port, for `describe.each`. */
export const bothWays: readonly (readonly [way: string, tls: () => Tls | undefined])[] = [
  ['in the clear', () => undefined],
  ['under TLS', () => serverTls()],
];

/** Connects, with a TLS handshake where the port wants one; destroyed when the test ends. */
export async function connectTo(port: OpenPort, alpn?: string, options: ConnectionOptions = {}): Promise<Socket> {
  const where = { port: port.number, host: '127.0.0.1' };
  const protocols = alpn === undefined ? {} : { ALPNProtocols: [alpn] };
  const socket = port.encrypted
    ? connectTls({ ...where, ca: pem('ca'), ...protocols, ...options })
    : connectTcp({ ...where, allowHalfOpen: true });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once(port.encrypted ? 'secureConnect' : 'connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve();
    });
  });
  return socket;
}

/** A connection in the clear, whatever the port is. */
export function connectClear(port: OpenPort): Promise<Socket> {
  return connectTo({ ...port, encrypted: false });
}

/** Everything that the socket gets from here on, until it is closed. */
export async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!socket.closed) await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  socket.end();
  return Buffer.concat(chunks).toString('latin1');
}

/** Collects what the socket gets while the test goes on. */
export function listenTo(socket: Socket): { text: string; ended: boolean } {
  const heard = { text: '', ended: false };
  socket.on('data', (chunk: Buffer) => {
    heard.text += chunk.toString('latin1');
  });
  socket.once('end', () => {
    heard.ended = true;
  });
  socket.once('close', () => {
    heard.ended = true;
  });
  return heard;
}

/** Sends byte by byte, each in a segment of its own. */
export async function drip(socket: Socket, bytes: string | Uint8Array): Promise<void> {
  for (const byte of Buffer.from(bytes)) {
    await new Promise<void>((resolve) => socket.write(Uint8Array.of(byte), () => setImmediate(resolve)));
  }
}

export function get(path: string, headers = 'Connection: close'): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n`;
}

/** Waits for a condition, with a bound. */
export async function until(condition: () => boolean, what: string, boundMs = 5_000): Promise<void> {
  const end = performance.now() + boundMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
