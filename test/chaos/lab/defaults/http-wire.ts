import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect, type Settings } from 'node:http2';
import type { Lab } from '../lab.js';
import { tlsOf } from '../wire.js';

/** What a server answers to one request. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request as it is, with a body of JSON. */
export async function post(
  address: string,
  path: string,
  body: Buffer | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  const [host, port] = address.split(':');
  const sent = request({
    host,
    port,
    path,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  });
  sent.on('error', () => {});
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** A port that gives away the header fields of the first request that comes. */
export async function headersPort(
  lab: Lab,
): Promise<{ readonly port: number; readonly headers: Promise<IncomingHttpHeaders> }> {
  const server = createServer((_, response) => response.writeHead(404).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  lab.atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const headers = once(server, 'request').then(([{ headers: fields }]) => fields as IncomingHttpHeaders);
  return { port: (server.address() as { port: number }).port, headers };
}

/** The SETTINGS of a server under TLS. */
export async function settingsOf(address: string): Promise<Settings> {
  const files = tlsOf('h2+tls');
  const read = (file: unknown): Buffer => readFileSync(String(file));
  const tls = { ca: read(files?.ca), cert: read(files?.cert), key: read(files?.key) };
  const session = connect(`https://${address}`, tls);
  try {
    const [settings] = (await once(session, 'remoteSettings')) as [Settings];
    return settings;
  } finally {
    session.destroy();
  }
}
