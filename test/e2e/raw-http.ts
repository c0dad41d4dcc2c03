import { connect } from 'node:net';

/** An HTTP reply as it came off the wire. */
export interface RawReply {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Posts a body to a path of the server at a port of this machine, and says nothing that it was not told to. */
export function post(
  port: number,
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' },
): Promise<RawReply> {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ host: 'a', connection: 'close', 'content-length': bytes.length, ...headers });
  const head = `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return ask(port, Buffer.concat([Buffer.from(head, 'latin1'), bytes]));
}

/** Writes bytes, well formed or not, and reads the one reply. The server must end the connection. */
export async function ask(port: number, bytes: string | Uint8Array): Promise<RawReply> {
  const said = await conversation(port, Buffer.from(bytes as string, 'latin1'));
  const end = said.indexOf('\r\n\r\n');
  if (end < 0) throw new Error(`no HTTP reply came but ${JSON.stringify(said.toString('latin1'))}`);
  const [first = '', ...lines] = said.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(first.split(' ')[1]), headers: Object.fromEntries(headers), body: said.subarray(end + 4) };
}

/** The error record of a reply. */
export function errorIn(reply: RawReply): Record<string, unknown> {
  return JSON.parse(reply.body.toString('utf8')) as Record<string, unknown>;
}

function conversation(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(20_000, () => socket.destroy(new Error('the server neither answered nor hung up')));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A server may answer before it has read everything, and hang up: what it said counts.
    let broken: Error | undefined;
    socket.on('error', (error) => {
      broken = error;
    });
    socket.on('close', () => {
      if (broken !== undefined && chunks.length === 0) reject(broken);
      else resolve(Buffer.concat(chunks));
    });
    socket.write(bytes);
  });
}
