import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { type Reply, ServiceError } from '@tenon/contract';
import { type CodecSet, mediaType } from '@tenon/contract/authoring';
import { addMetadata, fromWire, metadataOf, toWire } from './headers.js';
import { writeMicroError } from './micro-error.js';
import type { HttpAnswer, RequestHead, ServerDialect } from './server-dialect.js';
import { readNanoseconds } from './time-left.js';

/**
 * Whether a request is go-micro's: any method and path, but header fields that route it.
 */
export function isMucp(headers: IncomingHttpHeaders): boolean {
  return routing.some((name) => microHeader(headers, name) !== undefined);
}

/**
 * go-micro's mucp, one request and one reply: header fields say what the call is, the status is always 200, an error
 * stands in `Micro-Error`. Nothing of the request is echoed (go-micro does, and leaks `Authorization` that way).
 */
export class MucpServer implements ServerDialect {
  readonly #codecs: CodecSet;

  constructor(codecs: CodecSet) {
    this.#codecs = codecs;
  }

  readHead(request: IncomingMessage): RequestHead | HttpAnswer {
    const { headers } = request;
    // go-micro's own default, from its days before JSON.
    const contentType = mediaType(headers['content-type'] ?? 'application/protobuf');
    if (!this.#codecs.has(contentType)) return unsupported(contentType);
    const service = microHeader(headers, 'service') ?? '';
    try {
      return this.#readCall(request, service, contentType);
    } catch (thrown) {
      return failure(contentType, service, ServiceError.from(thrown, { executed: 'no' }));
    }
  }

  reply(head: RequestHead, reply: Reply, maxBytes: number): HttpAnswer {
    const headers: OutgoingHttpHeaders = { 'content-type': head.replyType };
    addMetadata(headers, reply.metadata, 'refuse');
    return { status: 200, headers, body: head.replyCodec.encode(reply.value, reply.schema, maxBytes) };
  }

  error(head: RequestHead, error: ServiceError): HttpAnswer {
    return failure(head.replyType, head.service, error);
  }

  tooLarge(head: RequestHead, error: ServiceError): HttpAnswer {
    return this.error(head, error);
  }

  #readCall(request: IncomingMessage, service: string, contentType: string): RequestHead {
    const { headers } = request;
    const refused = unserved.find(([name]) => microHeader(headers, name) !== undefined);
    if (refused !== undefined) throw new ServiceError('Unimplemented', refused[1], { executed: 'no' });
    const endpoint = microHeader(headers, 'endpoint') || microHeader(headers, 'method');
    if (!endpoint) {
      throw invalid('rpc: service/endpoint request ill-formed: neither Micro-Endpoint nor Micro-Method is set');
    }
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding.toLowerCase() !== 'identity')
      throw invalid(`content encoding ${JSON.stringify(encoding)} is not read`);
    const timeout = headers['timeout'];
    const codec = this.#codecs.of(contentType);
    return {
      service,
      endpoint,
      metadata: metadataOf(request.rawHeaders),
      leftMs: readNanoseconds(typeof timeout === 'string' ? timeout : undefined),
      contentType,
      codec,
      replyType: contentType,
      replyCodec: codec,
    };
  }
}

/** A field by its name after `Micro-`, or in the older spelling with `X-` before that. */
function microHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[`micro-${name}`] ?? headers[`x-micro-${name}`];
  return typeof value === 'string' ? fromWire(value) : undefined;
}

function failure(contentType: string, service: string, error: ServiceError): HttpAnswer {
  const text = toWire(writeMicroError(error, error.service ?? (service || 'tenon')));
  const headers = { 'content-type': contentType, 'micro-error': text, 'x-micro-error': text };
  return { status: 200, headers, body: nothing };
}

/** go-micro's own answer to a type that it has no codec for: no `Micro-Error`, but a text as the body. */
function unsupported(contentType: string): HttpAnswer {
  const body = Buffer.from(`unsupported Content-Type: ${contentType.slice(0, 100)}`, 'latin1');
  return { status: 200, headers: { 'content-type': 'text/plain' }, body };
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

const routing = Object.freeze(['endpoint', 'method', 'service', 'topic', 'stream']);

const unserved: readonly (readonly [name: string, why: string])[] = Object.freeze([
  ['topic', 'events are not taken as requests here; publish through the broker that both sides use'],
  ['stream', 'streams over mucp are not served here; call a unary endpoint'],
]);

const nothing = Buffer.alloc(0);
