import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { type HttpAnswer, ServiceError } from '@tenon/contract';
import { refuseRequest, refuseStream } from './http-refusal.js';

/** A `GET` or a `HEAD` at a path that the port answers itself. */
export interface PathRequest {
  /** Without the query. */
  readonly path: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  /** Undefined where the connection is gone already. */
  readonly socket: Duplex | undefined;
  /** On this machine, and not on behalf of somebody else as far as can be told. */
  readonly isLocal: boolean;
  /** Calls the listener once nobody waits for the answer any more, because it was sent or because the peer has left. */
  onEnd(listener: () => void): void;
}

/** Paths that the port itself answers to `GET` and `HEAD`, before any claim and whatever the server is doing. */
export interface AnsweredPaths {
  /** Who answers at a path; undefined where nobody does. The answer must come soon, and must not reject. */
  find(path: string): ((request: PathRequest) => Promise<HttpAnswer>) | undefined;
}

/** Answers a request of HTTP/1.1 if it is at one of those paths. */
export function answered(
  paths: AnsweredPaths | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { method = '', url = '', headers, socket } = request;
  const found = asked(paths, method, url);
  if (found === undefined) return false;
  const onEnd = (listener: () => void): void => void response.on('close', listener);
  const send = ({ status, fields, body }: HttpAnswer): void => {
    if (response.destroyed || response.headersSent) return;
    response.writeHead(status, { ...fields, 'content-length': Buffer.byteLength(body) });
    response.end(method === 'HEAD' ? undefined : body);
  };
  found
    .answer({ ...found, headers, socket, isLocal: isLocal(socket, headers), onEnd })
    .then(send)
    .catch((cause: unknown) => refuseRequest(response, 500, unsendable(cause)));
  return true;
}

/** The same for a request of HTTP/2. */
export function answeredStream(
  paths: AnsweredPaths | undefined,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): boolean {
  const { ':method': method = '', ':path': url = '' } = headers;
  const found = asked(paths, method, url);
  if (found === undefined) return false;
  const socket = stream.session?.socket;
  const onEnd = (listener: () => void): void => void stream.on('close', listener);
  const send = ({ status, fields, body }: HttpAnswer): void => {
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    stream.respond({ ...fields, ':status': status, 'content-length': Buffer.byteLength(body) });
    stream.end(method === 'HEAD' ? undefined : body);
  };
  found
    .answer({ ...found, headers, socket, isLocal: isLocal(socket, headers), onEnd })
    .then(send)
    .catch((cause: unknown) => refuseStream(stream, 500, unsendable(cause)));
  return true;
}

/** Its status or a field of it is none that HTTP has. */
function unsendable(cause: unknown): ServiceError {
  return new ServiceError('Internal', 'the answer cannot be sent over HTTP', { cause });
}

function asked(
  paths: AnsweredPaths | undefined,
  method: string,
  url: string,
): { readonly path: string; readonly answer: (request: PathRequest) => Promise<HttpAnswer> } | undefined {
  if (paths === undefined || (method !== 'GET' && method !== 'HEAD')) return undefined;
  const path = url.split('?', 1)[0] ?? '';
  const answer = paths.find(path);
  return answer && { path, answer };
}

/** A proxy on this machine asks for others, and says so. */
function isLocal(socket: Duplex | undefined, headers: NodeJS.Dict<string | string[]>): boolean {
  const address: unknown = socket === undefined ? undefined : Reflect.get(socket, 'remoteAddress');
  return typeof address === 'string' && loopback.test(address) && !forwarding.some((name) => name in headers);
}

const loopback = /^(?:::ffff:)?127\.|^::1$/;
const forwarding = ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'];
