import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** An HTTP reply as it came off the wire. */
export interface RawReply {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Writes bytes (given as latin1) to a port and gives back all that comes until the other side ends. */
export async function conversation(number: number, bytes: string): Promise<string> {
  const socket = connect(number, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(Buffer.from(bytes, 'latin1'));
  return textOf(socket);
}

/** Everything that a socket still says, as latin1. */
export async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString('latin1');
}

/** One request, one reply. The request should ask for `Connection: close`. */
export async function ask(number: number, request: string): Promise<RawReply> {
  const [reply] = parseReplies(await conversation(number, request));
  if (reply === undefined) throw new Error('no reply came');
  return reply;
}

/** Splits what a server said into its replies, by their `Content-Length`. */
export function parseReplies(text: string): readonly RawReply[] {
  const replies: RawReply[] = [];
  let rest = text;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    );
    const bodyEnd = end + 4 + Number(headers['content-length'] ?? 0);
    replies.push({ status: Number(first.split(' ')[1]), headers, body: rest.slice(end + 4, bodyEnd) });
    rest = rest.slice(bodyEnd);
  }
  return replies;
}

/** A `POST` with a body, its length, and `Connection: close`. */
export function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    host: 'a',
    connection: 'close',
    'content-length': String(Buffer.byteLength(body, 'latin1')),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** A server that says what it is told, whatever it is asked. */
export interface RawServer extends AsyncDisposable {
  readonly number: number;
  /** What arrived on each connection, oldest first, as latin1. */
  readonly heard: readonly string[];
}

/**
 * @param answer - called with each whole request of a connection (by its `Content-Length`), and with the socket.
 */
export async function rawServer(answer: (request: string, socket: Socket) => void): Promise<RawServer> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const index = heard.push('') - 1;
    let pending = '';
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      heard[index] += chunk.toString('latin1');
      pending += chunk.toString('latin1');
      for (let size = requestSize(pending); size !== undefined; size = requestSize(pending)) {
        const request = pending.slice(0, size);
        pending = pending.slice(size);
        answer(request, socket);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    number: (server.address() as AddressInfo).port,
    heard,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function requestSize(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const size = end + 4 + Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
  return text.length >= size ? size : undefined;
}
