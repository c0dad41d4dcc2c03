import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { codes, type Logger, type Reply, ServiceError } from '@tenon/contract';
import { type CodecSet, mediaType } from '@tenon/contract/authoring';
import { acceptedType } from './accepted-type.js';
import { addMetadata, metadataOf, nodeHeader } from './headers.js';
import { type RequestPath, readPath } from './request-path.js';
import type { HttpAnswer, RequestHead, ServerDialect } from './server-dialect.js';
import { readMilliseconds, timeLeftHeader } from './time-left.js';

/** HTTP as people and Tenon's own clients write it: `POST /greeter/Greeter.Hello`, a status that means something. */
export class PlainServer implements ServerDialect {
  readonly #codecs: CodecSet;
  readonly #logger: Logger;

  constructor(codecs: CodecSet, logger: Logger) {
    this.#codecs = codecs;
    this.#logger = logger;
  }

  readHead(request: IncomingMessage): RequestHead | HttpAnswer {
    try {
      const path = readPath(request.url ?? '/');
      if (path === undefined) return nothingThere(request);
      return request.method === 'POST' ? this.#readCall(request, path) : wrongMethod(request, path);
    } catch (thrown) {
      const error = ServiceError.from(thrown, { executed: 'no' });
      return refusal(error.code === 'ResourceExhausted' ? 431 : codes[error.code].httpStatus, error);
    }
  }

  reply(head: RequestHead, reply: Reply, maxBytes: number): HttpAnswer {
    const headers: OutgoingHttpHeaders = { 'content-type': head.replyType };
    addMetadata(headers, reply.metadata, 'encode');
    return { status: 200, headers, body: head.replyCodec.encode(reply.value, reply.schema, maxBytes) };
  }

  error(head: RequestHead, error: ServiceError): HttpAnswer {
    return this.#failure(head, codes[error.code].httpStatus, error);
  }

  tooLarge(head: RequestHead, error: ServiceError): HttpAnswer {
    return this.#failure(head, 413, error);
  }

  #readCall(request: IncomingMessage, path: RequestPath): RequestHead | HttpAnswer {
    const { headers } = request;
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding.toLowerCase() !== 'identity') {
      return refusal(415, invalid(`content encoding ${JSON.stringify(encoding)} is not read; send the body as it is`));
    }
    const given = headers['content-type'];
    if (given === undefined && headers.origin !== undefined) {
      // A web page may send a body without a type to any address, unasked; with a type its browser asks first.
      return refusal(415, invalid('a request from a web page must name its content type'));
    }
    const contentType = mediaType(given ?? 'application/json');
    if (!this.#codecs.has(contentType)) {
      const bound = this.#codecs.contentTypes.join(', ');
      return refusal(415, invalid(`content type ${JSON.stringify(contentType)} is not read here; bound are ${bound}`));
    }
    const replyType = acceptedType(headers.accept, (type) => this.#codecs.has(type)) ?? contentType;
    const timeLeft = headers[timeLeftHeader];
    const node = headers[nodeHeader];
    return {
      ...path,
      node: typeof node === 'string' ? node : undefined,
      metadata: metadataOf(request.rawHeaders),
      leftMs: readMilliseconds(typeof timeLeft === 'string' ? timeLeft : undefined),
      contentType,
      codec: this.#codecs.of(contentType),
      replyType,
      replyCodec: this.#codecs.of(replyType),
    };
  }

  /** Always JSON, whatever the call's type: so that it can be read where that type is what is wrong. */
  #failure(head: RequestHead, status: number, error: ServiceError): HttpAnswer {
    const { details, ...record } = error.toRecord();
    if (details === undefined) return { status, headers: json, body: Buffer.from(JSON.stringify(record)) };
    try {
      return { status, headers: json, body: this.#toJson({ ...record, details }) };
    } catch (cause) {
      const { service, endpoint } = head;
      this.#logger.error('the details of an error could not be sent', { service, endpoint, error: cause });
      return { status, headers: json, body: Buffer.from(JSON.stringify(record)) };
    }
  }

  #toJson(value: object): Uint8Array {
    const bound = this.#codecs.has('application/json');
    return bound ? this.#codecs.of('application/json').encode(value) : Buffer.from(JSON.stringify(value));
  }
}

function nothingThere(request: IncomingMessage): HttpAnswer {
  const text = `there is nothing at ${request.method} ${request.url}; call an endpoint with POST /service/Endpoint, for example POST /greeter/Greeter.Hello`;
  return refusal(404, new ServiceError('NotFound', text, { executed: 'no' }));
}

function wrongMethod(request: IncomingMessage, { service, endpoint }: RequestPath): HttpAnswer {
  const text = `${request.method} is not how an endpoint is called; use POST /${service}/${endpoint}`;
  const answer = refusal(405, new ServiceError('Unimplemented', text, { executed: 'no' }));
  return { ...answer, headers: { ...answer.headers, allow: 'POST' } };
}

function refusal(status: number, error: ServiceError): HttpAnswer {
  return { status, headers: json, body: Buffer.from(JSON.stringify(error)) };
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

const json: OutgoingHttpHeaders = Object.freeze({ 'content-type': 'application/json' });
