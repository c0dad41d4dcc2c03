import { codes, ServiceError } from '@tenon/contract';
import { mediaType } from '@tenon/contract/authoring';
import type { FieldPairs } from '../headers.js';
import type { HttpAnswer, HttpRequest } from '../server-dialect.js';
import type { ExchangeSurroundings } from '../server-exchange.js';
import type { ServerWire } from '../server-wire.js';
import { readMilliseconds } from '../time-left.js';
import { rpcFailure } from './rpc-error.js';
import { RpcExchange, type RpcHead } from './rpc-exchange.js';

/** Whether a path is where JSON-RPC 2.0 is spoken. Endpoints have paths of two parts. */
export function isRpcPath(path: string): boolean {
  return path === '/rpc' || path.startsWith('/rpc?');
}

/**
 * JSON-RPC 2.0 on `POST /rpc`, for whoever speaks it already: single calls, batches, notifications.
 *
 * The HTTP status says what happened to the HTTP request alone: what became of a call stands in its answer.
 */
export class RpcServer {
  readonly #surroundings: ExchangeSurroundings;

  constructor(surroundings: ExchangeSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Begins with a request; or gives the answer that refuses it before its body is read. */
  begin(request: HttpRequest, wire: ServerWire): RpcExchange | HttpAnswer {
    const refused = this.#refusal(request);
    if (refused !== undefined) return refused;
    try {
      return new RpcExchange(this.#headOf(request), wire, this.#surroundings);
    } catch (thrown) {
      const error = ServiceError.from(thrown, { executed: 'no' });
      return answer(error.code === 'ResourceExhausted' ? 431 : codes[error.code].httpStatus, error);
    }
  }

  #refusal({ method, fields }: HttpRequest): HttpAnswer | undefined {
    if (method !== 'POST') {
      const text = `${method} is not how JSON-RPC is spoken here; use POST /rpc`;
      return answer(405, new ServiceError('Unimplemented', text, { executed: 'no' }), ['allow', 'POST']);
    }
    if (!this.#surroundings.codecs.has('application/json')) {
      return answer(501, new ServiceError('Unimplemented', 'no codec is bound for JSON', { executed: 'no' }));
    }
    const { contentType, contentEncoding, origin } = fields;
    // A web page may send a body without a type to any address, unasked.
    const type = mediaType(contentType ?? (origin === undefined ? 'application/json' : ''));
    if (!types.includes(type)) return answer(415, invalid(`the content type must be ${types.join(' or ')}`));
    if (contentEncoding === undefined || contentEncoding.toLowerCase() === 'identity') return undefined;
    return answer(415, invalid(`content encoding ${JSON.stringify(contentEncoding)} is not read`));
  }

  #headOf({ fields }: HttpRequest): RpcHead {
    const leftMs = readMilliseconds(fields.timeLeft);
    const deadline = leftMs === Number.POSITIVE_INFINITY ? leftMs : this.#surroundings.clock.now() + leftMs;
    return { metadata: fields.metadata(), deadline, contentLength: Number(fields.contentLength) };
  }
}

function answer(status: number, error: ServiceError, more: FieldPairs = []): HttpAnswer {
  const body = rpcFailure(error, Buffer.from(JSON.stringify(error)), null, 'invalidRequest');
  return { status, fields: ['content-type', 'application/json', ...more], body };
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

const types = Object.freeze(['application/json', 'application/json-rpc', 'application/jsonrequest']);
