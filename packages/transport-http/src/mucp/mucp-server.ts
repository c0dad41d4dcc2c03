import { type Reply, ServiceError } from '@tenon/contract';
import { type CodecSet, mediaType, type OpenCodec } from '@tenon/contract/authoring';
import type { Body, BodyEncoder } from '../body-encoder.js';
import type { HeaderFields } from '../header-fields.js';
import { addMetadata, type FieldPairs, fromWire, toWire } from '../headers.js';
import type { HttpAnswer, HttpRequest, RequestHead, ServerDialect } from '../server-dialect.js';
import { readNanoseconds } from '../time-left.js';
import type { Envelope } from './envelope.js';
import { boundEnvelope, legacyTypeOf } from './envelopes.js';
import { writeMicroError } from './micro-error.js';
import { isLegacy } from './request-kind.js';

/** A request whose head is complete only with its body, and the message that stood in its envelope. */
export interface OpenedRequest {
  readonly head: RequestHead;
  readonly body: Buffer;
}

/**
 * go-micro's mucp, one request and one reply: header fields say what the call is, the status is always 200, an error
 * stands in `Micro-Error`. Nothing of the request is echoed (go-micro does, and leaks `Authorization` that way).
 *
 * What comes in an envelope (`application/json-rpc`, `application/proto-rpc`) is understood once its body is there, and
 * so is a request without any field that routes it, whose method stands in that envelope.
 */
export class MucpServer implements ServerDialect {
  readonly #codecs: CodecSet;
  readonly #bodies: BodyEncoder;

  constructor(codecs: CodecSet, bodies: BodyEncoder) {
    this.#codecs = codecs;
    this.#bodies = bodies;
  }

  /** The envelope that a call has, if any: by its type, or because nothing in its head says what it is. */
  envelopeOf(fields: HeaderFields): Envelope | undefined {
    if (fields.micro('stream') !== undefined) return undefined;
    return boundEnvelope(this.#codecs, typeOf(fields));
  }

  readHead({ fields }: HttpRequest): RequestHead | HttpAnswer {
    if (fields.micro('stream') === undefined) return this.#read(fields, undefined);
    const text = 'a stream over mucp begins with the first request of its connection; open another for it';
    return failure(typeOf(fields), microText(fields, 'service'), refused('Unimplemented', text));
  }

  /** The first request of a stream, whose body is of no interest: go-micro's servers drop it. */
  readStreamHead(fields: HeaderFields, body: Buffer): RequestHead | HttpAnswer {
    const opened = this.readOpened(fields, body);
    return 'status' in opened ? opened : opened.head;
  }

  /** A request with its body, in an envelope or not. Never throws. */
  readOpened(fields: HeaderFields, body: Buffer): OpenedRequest | HttpAnswer {
    const contentType = typeOf(fields);
    const codec = this.#codecOf(contentType);
    const envelope = boundEnvelope(this.#codecs, contentType);
    try {
      const opened = codec === undefined ? undefined : envelope?.openRequest(body, codec);
      const head = this.#read(fields, opened);
      return 'status' in head ? head : { head, body: opened?.body ?? body };
    } catch (thrown) {
      return failure(contentType, microText(fields, 'service'), ServiceError.from(thrown, { executed: 'no' }));
    }
  }

  reply(head: RequestHead, reply: Reply): HttpAnswer {
    const fields: FieldPairs = ['content-type', head.replyType];
    addMetadata(fields, reply.metadata, 'refuse');
    return { status: 200, fields, body: this.message(head, reply) };
  }

  /** The bytes of one reply, as they stand in a body. @throws ServiceError as `reply` does. */
  message({ replyCodec, around }: RequestHead, { value, schema }: Omit<Reply, 'metadata'>): Body {
    const body = this.#bodies.encode(replyCodec, value, schema);
    return around === undefined ? body : around.envelope.reply({ id: around.id, error: '', body: bufferOf(body) });
  }

  error(head: RequestHead, error: ServiceError): HttpAnswer {
    return failure(head.replyType, head.service, error, head.around);
  }

  tooLarge(head: RequestHead, error: ServiceError): HttpAnswer {
    return this.error(head, error);
  }

  #read(
    fields: HeaderFields,
    opened: { readonly method: string; readonly id: string } | undefined,
  ): RequestHead | HttpAnswer {
    const contentType = typeOf(fields);
    const codec = this.#codecOf(contentType);
    if (codec === undefined) return unsupported(contentType);
    const service = microText(fields, 'service');
    try {
      const endpoint = microText(fields, 'endpoint') || microText(fields, 'method') || opened?.method;
      if (!endpoint) {
        const text = 'rpc: service/endpoint request ill-formed: neither Micro-Endpoint nor Micro-Method is set';
        throw refused('InvalidArgument', text);
      }
      const encoding = fields.contentEncoding ?? 'identity';
      if (encoding.toLowerCase() !== 'identity')
        throw refused('InvalidArgument', `content encoding ${JSON.stringify(encoding)} is not read`);
      const envelope = boundEnvelope(this.#codecs, contentType);
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
        replyType: givenTypeOf(fields),
        replyCodec: codec,
        form: 'frames',
        around: envelope && { envelope, id: opened?.id ?? '' },
      };
    } catch (thrown) {
      return failure(contentType, service, ServiceError.from(thrown, { executed: 'no' }));
    }
  }

  #codecOf(contentType: string): OpenCodec | undefined {
    const type = boundEnvelope(this.#codecs, contentType)?.inner ?? contentType;
    return this.#codecs.has(type) ? this.#codecs.of(type) : undefined;
  }
}

/** What the body is. */
function typeOf(fields: HeaderFields): string {
  const contentType = givenTypeOf(fields);
  return isLegacy(fields) ? legacyTypeOf(contentType) : contentType;
}

/** What the caller calls it, and the answer to it; go-micro's own default, from its days before JSON, where it says nothing. */
function givenTypeOf(fields: HeaderFields): string {
  return mediaType(fields.contentType ?? 'application/protobuf');
}

function microText(fields: HeaderFields, name: string): string {
  return fromWire(fields.micro(name) ?? '');
}

/** An answer that says why a call failed. */
export function failure(
  contentType: string,
  service: string,
  error: ServiceError,
  around?: RequestHead['around'],
): HttpAnswer {
  const text = writeMicroError(error, error.service ?? (service || 'tenon'));
  const value = toWire(text);
  const fields = ['content-type', contentType, 'micro-error', value, 'x-micro-error', value];
  // Whoever sent an envelope may not know the header field.
  const body = around?.envelope.reply({ id: around.id, error: text, body: nothing }) ?? nothing;
  return { status: 200, fields, body };
}

/** go-micro's own answer to a type that it has no codec for: no `Micro-Error`, but a text as the body. */
function unsupported(contentType: string): HttpAnswer {
  const body = Buffer.from(`unsupported Content-Type: ${contentType.slice(0, 100)}`, 'latin1');
  return { status: 200, fields: ['content-type', 'text/plain'], body };
}

function bufferOf(body: Body): Buffer {
  return typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
}

function refused(code: 'Unimplemented' | 'InvalidArgument', message: string): ServiceError {
  return new ServiceError(code, message, { executed: 'no' });
}

const nothing = Buffer.alloc(0);
