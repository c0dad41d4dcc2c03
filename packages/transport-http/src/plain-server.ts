import { type CallHandler, codes, type Logger, type Reply, ServiceError } from '@tenon/contract';
import type { CodecSet } from '@tenon/contract/authoring';
import type { BodyEncoder } from './body-encoder.js';
import { errorBytes } from './error-bytes.js';
import { addMetadata, type FieldPairs } from './headers.js';
import { KnownPaths } from './known-paths.js';
import { ReplyNegotiation } from './reply-negotiation.js';
import type { RequestPath } from './request-path.js';
import { type RequestType, RequestTypes } from './request-types.js';
import { type HttpAnswer, type HttpRequest, type RequestHead, type ServerDialect } from './server-dialect.js';
import { readMilliseconds } from './time-left.js';

/** HTTP as people and Tenon's own clients write it: `POST /greeter/Greeter.Hello`, a status that means something. */
export class PlainServer implements ServerDialect {
  readonly #codecs: CodecSet;
  readonly #bodies: BodyEncoder;
  readonly #logger: Logger;
  readonly #negotiation: ReplyNegotiation;
  readonly #paths = new KnownPaths();
  readonly #types: RequestTypes;

  constructor(codecs: CodecSet, bodies: BodyEncoder, logger: Logger) {
    this.#codecs = codecs;
    this.#bodies = bodies;
    this.#logger = logger;
    this.#negotiation = new ReplyNegotiation(codecs);
    this.#types = new RequestTypes(codecs);
  }

  readHead(request: HttpRequest, handler: CallHandler): RequestHead | HttpAnswer {
    try {
      const path = this.#paths.read(request.path);
      if (path === undefined) return nothingThere(request);
      return request.method === 'POST' ? this.#readCall(request, path, handler) : wrongMethod(request, path);
    } catch (thrown) {
      const error = ServiceError.from(thrown, { executed: 'no' });
      return refusal(error.code === 'ResourceExhausted' ? 431 : codes[error.code].httpStatus, error);
    }
  }

  reply(head: RequestHead, reply: Reply): HttpAnswer {
    const fields: FieldPairs = ['content-type', head.replyType];
    addMetadata(fields, reply.metadata, 'encode');
    return { status: 200, fields, body: this.#bodies.encode(head.replyCodec, reply.value, reply.schema) };
  }

  error(head: RequestHead, error: ServiceError): HttpAnswer {
    return this.#failure(head, codes[error.code].httpStatus, error);
  }

  tooLarge(head: RequestHead, error: ServiceError): HttpAnswer {
    return this.#failure(head, 413, error);
  }

  #readCall(request: HttpRequest, path: RequestPath, handler: CallHandler): RequestHead | HttpAnswer {
    const { version, fields } = request;
    const encoding = fields.contentEncoding;
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      return refusal(415, invalid(`content encoding ${JSON.stringify(encoding)} is not read; send the body as it is`));
    }
    const given = fields.contentType;
    if (given === undefined && fields.origin !== undefined) {
      // A web page may send a body without a type to any address, unasked; with a type its browser asks first.
      return refusal(415, invalid('a request from a web page must name its content type'));
    }
    let type: RequestType;
    try {
      type = this.#types.read(given ?? 'application/json');
    } catch (thrown) {
      return refusal(415, ServiceError.from(thrown));
    }
    const { contentType, codec, streams: requestStreams } = type;
    if (contentType === 'text/plain' && fields.origin !== undefined) {
      return refusal(415, invalid('a web page may not send text/plain: its browser would ask nobody first'));
    }
    const { node, accept, lastEventId } = fields;
    const { service, endpoint } = path;
    const asked = { endpoint, version, requestStreams, contentType, accept, lastEventId };
    const kind = handler.kindOf(service, endpoint, node);
    if (kind !== undefined) this.#paths.keep(request.path, path);
    const settled = this.#negotiation.settle(kind, asked);
    if ('refused' in settled) return refusal(settled.refused, settled.error);
    return {
      service,
      endpoint,
      kind: settled.kind,
      node,
      metadata: fields.metadata(),
      leftMs: readMilliseconds(fields.timeLeft),
      contentType,
      codec,
      requestStreams,
      replyType: settled.replyType,
      replyCodec: settled.replyType === contentType ? codec : this.#codecs.of(settled.replyType),
      form: settled.form,
    };
  }

  /** Always JSON, whatever the call's type: so that it can be read where that type is what is wrong. */
  #failure(head: RequestHead, status: number, error: ServiceError): HttpAnswer {
    return { status, fields: [...json], body: errorBytes(error, head, this.#codecs, this.#logger) };
  }
}

function nothingThere(request: HttpRequest): HttpAnswer {
  const text = `there is nothing at ${request.method} ${request.path}; call an endpoint with POST /service/Endpoint, for example POST /greeter/Greeter.Hello`;
  return refusal(404, new ServiceError('NotFound', text, { executed: 'no' }));
}

function wrongMethod(request: HttpRequest, { service, endpoint }: RequestPath): HttpAnswer {
  const text = `${request.method} is not how an endpoint is called; use POST /${service}/${endpoint}`;
  const error = new ServiceError('Unimplemented', text, { executed: 'no' });
  return { status: 405, fields: [...json, 'allow', 'POST'], body: Buffer.from(JSON.stringify(error)) };
}

function refusal(status: number, error: ServiceError): HttpAnswer {
  if (status === 204) return { status, fields: [], body: nothing };
  return { status, fields: [...json], body: Buffer.from(JSON.stringify(error)) };
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

const json = Object.freeze(['content-type', 'application/json']);
const nothing = Buffer.alloc(0);
