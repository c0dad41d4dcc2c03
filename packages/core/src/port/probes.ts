import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';

/** Who asks. */
export interface Probe {
  /** On this machine, and not on behalf of somebody else as far as can be told. */
  readonly isLocal: boolean;
}

export interface ProbeAnswer {
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

/** Paths that the port itself answers to `GET` and `HEAD`, before any claim and whatever the server is doing. */
export interface Probes {
  /** Who answers at a path; undefined where nobody does. The answer must come soon, and must not reject. */
  find(path: string): ((probe: Probe) => Promise<ProbeAnswer>) | undefined;
}

/** Answers a request of HTTP/1.1 if it is a probe. */
export function probed(probes: Probes | undefined, request: IncomingMessage, response: ServerResponse): boolean {
  const { method = '', url = '', headers, socket } = request;
  const answer = asked(probes, method, url);
  if (answer === undefined) return false;
  void answer({ isLocal: isLocal(socket, headers) }).then(({ status, body }) => {
    if (response.destroyed || response.headersSent) return;
    response.writeHead(status, { ...fields, 'content-length': Buffer.byteLength(body) });
    response.end(method === 'HEAD' ? undefined : body);
  });
  return true;
}

/** The same for a request of HTTP/2. */
export function probedStream(
  probes: Probes | undefined,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): boolean {
  const { ':method': method = '', ':path': path = '' } = headers;
  const answer = asked(probes, method, path);
  if (answer === undefined) return false;
  void answer({ isLocal: isLocal(stream.session?.socket, headers) }).then(({ status, body }) => {
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    stream.respond({ ...fields, ':status': status, 'content-length': Buffer.byteLength(body) });
    stream.end(method === 'HEAD' ? undefined : body);
  });
  return true;
}

function asked(probes: Probes | undefined, method: string, url: string): ReturnType<Probes['find']> {
  if (probes === undefined || (method !== 'GET' && method !== 'HEAD')) return undefined;
  return probes.find(url.split('?', 1)[0] ?? '');
}

/** A proxy on this machine asks for others, and says so. */
function isLocal(socket: Duplex | undefined, headers: NodeJS.Dict<string | string[]>): boolean {
  const address: unknown = socket === undefined ? undefined : Reflect.get(socket, 'remoteAddress');
  return typeof address === 'string' && loopback.test(address) && !forwarding.some((name) => name in headers);
}

const loopback = /^(?:::ffff:)?127\.|^::1$/;
const forwarding = ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'];
const fields = Object.freeze({ 'content-type': 'application/json', 'cache-control': 'no-store' });
