import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import {
  checkedMetadata,
  codes,
  type HttpAnswer,
  type IncomingCall,
  type Metadata,
  type Peer,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { peerIdentity } from '@tenon/contract/authoring';
import type { PathRequest } from '../port/answered-paths.js';
import type { Dispatcher } from './dispatcher.js';
import type { Route } from './route.js';

/** The request for a resource as a call. It has no value: all that interceptors can judge by are the header fields and the peer. */
export class ResourceCall implements IncomingCall {
  readonly service: string;
  readonly endpoint: string;
  readonly kind = 'unary';
  readonly metadata: Metadata;
  readonly deadline = Number.POSITIVE_INFINITY;
  readonly peer: Peer;
  readonly contentType = '';
  readonly #answer: (answer: HttpAnswer) => void;

  /** Asks for it, and never rejects: an error becomes an answer. */
  static answered(route: Route, request: PathRequest, dispatcher: Dispatcher): Promise<HttpAnswer> {
    return new Promise((resolve) => {
      try {
        const served = dispatcher.handleAt(route, new ResourceCall(route, request, resolve));
        request.onEnd(() => served.cancel(new ServiceError('Canceled', 'the peer does not wait for it any more')));
      } catch (thrown) {
        resolve(errorAnswer(ServiceError.from(thrown, { executed: 'no' })));
      }
    });
  }

  /** @throws ServiceError `ResourceExhausted`, `executed: 'no'`, for more header fields than metadata may be. */
  private constructor(route: Route, request: PathRequest, answer: (answer: HttpAnswer) => void) {
    this.service = route.service;
    this.endpoint = route.endpoint;
    this.metadata = metadataOf(request.headers);
    this.peer = peerOf(request.socket);
    this.#answer = answer;
  }

  decode(): undefined {
    return undefined;
  }

  messages(): AsyncIterable<never> {
    throw new TypeError('a resource is asked for once');
  }

  reply({ value }: Reply): void {
    this.#answer(isAnswer(value) ? value : errorAnswer(new ServiceError('Internal', 'what came is no HTTP answer')));
  }

  fail(error: ServiceError): void {
    this.#answer(errorAnswer(error));
  }
}

/** The header fields as a transport would hand them over, without those of the connection and of what is sent back. */
function metadataOf(headers: PathRequest['headers']): Metadata {
  const metadata: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || ofConnection.test(name)) continue;
    metadata[name] = textOf(typeof value === 'string' ? value : value.join(', '));
  }
  return checkedMetadata(metadata);
}

/** Node hands bytes over as latin1. */
function textOf(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

function peerOf(socket: Duplex | undefined): Peer {
  const { remoteAddress = 'unknown', remotePort = 0 } = (socket ?? {}) as {
    remoteAddress?: string;
    remotePort?: number;
  };
  const host = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
  const identity = socket === undefined ? undefined : peerIdentity(socket);
  return { address: `${host}:${remotePort}`, transport: 'http', identity };
}

/** An interceptor may have answered something else. */
function isAnswer(value: unknown): value is HttpAnswer {
  const { status, fields, body } = (value ?? {}) as Partial<HttpAnswer>;
  return (
    Number.isInteger(status) && typeof fields === 'object' && (typeof body === 'string' || body instanceof Uint8Array)
  );
}

function errorAnswer(error: ServiceError): HttpAnswer {
  const { httpStatus } = codes[error.code];
  const fields = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status: httpStatus, fields, body: JSON.stringify(error) };
}

const ofConnection =
  /^(?::|host$|connection$|keep-alive$|te$|trailer$|transfer-encoding$|upgrade|user-agent$|accept|content-|sec-)/;
