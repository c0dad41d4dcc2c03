import { type Reply, ServiceError } from '@tenon/contract';
import { type CodecSet, mediaType } from '@tenon/contract/authoring';
import type { BodyEncoder } from './body-encoder.js';
import type { HeaderFields } from './header-fields.js';
import { addMetadata, type FieldPairs, fromWire, toWire } from './headers.js';
import { writeMicroError } from './micro-error.js';
import { type HttpAnswer, type HttpRequest, type RequestHead, type ServerDialect } from './server-dialect.js';
import { readNanoseconds } from './time-left.js';

/** Whether a request is go-micro's: any method and path, but header fields that route it. */
export function isMucp(fields: HeaderFields): boolean {
  return fields.hasMicro && routing.some((name) => fields.micro(name) !== undefined);
}

/**
 * go-micro's mucp, one request and one reply: header fields say what the call is, the status is always 200, an error
 * stands in `Micro-Error`. Nothing of the request is echoed (go-micro does, and leaks `Authorization` that way).
 */
export class MucpServer implements ServerDialect {
  readonly #codecs: CodecSet;
  readonly #bodies: BodyEncoder;

  constructor(codecs: CodecSet, bodies: BodyEncoder) {
    this.#codecs = codecs;
    this.#bodies = bodies;
  }

  readHead({ fields }: HttpRequest): RequestHead | HttpAnswer {
    // go-micro's own default, from its days before JSON.
    const contentType = mediaType(fields.contentType ?? 'application/protobuf');
    if (!this.#codecs.has(contentType)) return unsupported(contentType);
    const service = microText(fields, 'service') ?? '';
    try {
      return this.#readCall(fields, service, contentType);
    } catch (thrown) {
      return failure(contentType, service, ServiceError.from(thrown, { executed: 'no' }));
    }
  }

  reply(head: RequestHead, reply: Reply): HttpAnswer {
    const fields: FieldPairs = ['content-type', head.replyType];
    addMetadata(fields, reply.metadata, 'refuse');
    return { status: 200, fields, body: this.#bodies.encode(head.replyCodec, reply.value, reply.schema) };
  }

  error(head: RequestHead, error: ServiceError): HttpAnswer {
    return failure(head.replyType, head.service, error);
  }

  tooLarge(head: RequestHead, error: ServiceError): HttpAnswer {
    return this.error(head, error);
  }

  #readCall(fields: HeaderFields, service: string, contentType: string): RequestHead {
    const refused = unserved.find(([name]) => fields.micro(name) !== undefined);
    if (refused !== undefined) throw new ServiceError('Unimplemented', refused[1], { executed: 'no' });
    const endpoint = microText(fields, 'endpoint') || microText(fields, 'method');
    if (!endpoint) {
      throw invalid('rpc: service/endpoint request ill-formed: neither Micro-Endpoint nor Micro-Method is set');
    }
    const encoding = fields.contentEncoding ?? 'identity';
    if (encoding.toLowerCase() !== 'identity')
      throw invalid(`content encoding ${JSON.stringify(encoding)} is not read`);
    const codec = this.#codecs.of(contentType);
    return {
      service,
      endpoint,
      kind: 'unary',
      node: undefined,
      metadata: fields.metadata(),
      leftMs: readNanoseconds(fields.timeout),
      contentType,
      codec,
      requestStreams: false,
      replyType: contentType,
      replyCodec: codec,
      form: 'frames',
    };
  }
}

function microText(fields: HeaderFields, name: string): string | undefined {
  const value = fields.micro(name);
  return value === undefined ? undefined : fromWire(value);
}

function failure(contentType: string, service: string, error: ServiceError): HttpAnswer {
  const text = toWire(writeMicroError(error, error.service ?? (service || 'tenon')));
  const fields = ['content-type', contentType, 'micro-error', text, 'x-micro-error', text];
  return { status: 200, fields, body: nothing };
}

/** go-micro's own answer to a type that it has no codec for: no `Micro-Error`, but a text as the body. */
function unsupported(contentType: string): HttpAnswer {
  const body = Buffer.from(`unsupported Content-Type: ${contentType.slice(0, 100)}`, 'latin1');
  return { status: 200, fields: ['content-type', 'text/plain'], body };
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
