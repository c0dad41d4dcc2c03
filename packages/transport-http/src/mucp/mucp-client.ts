import {
  type Call,
  codeOfHttpStatus,
  type EndpointDescriptor,
  noMetadata,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { type CodecSet, mediaType, type OpenCodec } from '@tenon/contract/authoring';
import type { Body } from '../body-encoder.js';
import type { ClientDialect, ClientResponse, RequestTemplate } from '../client-dialect.js';
import { checkedContentType } from '../content-type.js';
import { addMetadata, type FieldPairs, fromWire, toWire } from '../headers.js';
import { checkIdentity, codecOfReply, decodeWith, malformedReply } from '../reply-value.js';
import { nanoseconds } from '../time-left.js';
import { boundEnvelope, legacyTypeOf } from './envelopes.js';
import { readMicroError } from './micro-error.js';

/** Calls a go-micro node: mucp, one request and one reply. */
export class MucpClient implements ClientDialect {
  readonly #codecs: CodecSet;
  readonly #legacy: boolean;
  /** go-micro numbers the calls of a client, from 0. */
  #nextId = 0;

  /** @param legacy - whether the node says nothing about its protocol: such a one wants the call in an envelope. */
  constructor(codecs: CodecSet, legacy = false) {
    this.#codecs = codecs;
    this.#legacy = legacy;
  }

  /** go-micro compares the whole field with its codecs' names: no parameters. */
  contentTypeOf(call: Call): string {
    const contentType = call.contentType === undefined ? 'application/json' : mediaType(call.contentType);
    return this.#legacy ? legacyTypeOf(contentType) : contentType;
  }

  template(endpoint: EndpointDescriptor, contentType: string): RequestTemplate {
    const type = checkedContentType(contentType);
    const name = fieldText(endpoint.name);
    const fields = ['Content-Type', type, 'Accept', type, 'Micro-Service', fieldText(endpoint.service)];
    fields.push('Micro-Endpoint', name, 'Micro-Method', name);
    return { contentType, codec: this.#codecOf(type), path: '/', fields };
  }

  addFields(fields: FieldPairs, call: Call, leftMs: number): void {
    fields.push('Micro-Id', this.nextId());
    if (leftMs !== Number.POSITIVE_INFINITY) fields.push('Timeout', nanoseconds(leftMs));
    addMetadata(fields, call.metadata, 'refuse');
  }

  /** The number of the next call or stream, as text. */
  nextId(): string {
    const id = String(this.#nextId);
    this.#nextId += 1;
    return id;
  }

  wrapped(body: Body, call: Call, { contentType }: RequestTemplate, fields: FieldPairs): Body {
    return this.enveloped(body, contentType, call.endpoint.name, fields[fields.indexOf('Micro-Id') + 1] ?? '');
  }

  /** A message as it stands in a body of that type. */
  enveloped(body: Body, contentType: string, method: string, id: string): Body {
    const envelope = boundEnvelope(this.#codecs, contentType);
    if (envelope === undefined) return body;
    return envelope.request({ method, id, body: typeof body === 'string' ? Buffer.from(body, 'latin1') : body });
  }

  /**
   * Only `Micro-Error`, `Content-Type` and the body mean anything: the other fields of a go-micro server are those of
   * the first request on its connection, echoed. So a reply has no metadata.
   */
  reply(call: Call, response: ClientResponse): Reply {
    const error = this.errorIn(call, response);
    if (error !== undefined) throw error;
    const { codec, bytes } = this.messageIn(response);
    return { value: decodeWith(codec, call, bytes), metadata: noMetadata };
  }

  /** The error that a response tells of, unless its envelope does. */
  errorIn(call: Call, { status, fields, body }: ClientResponse): ServiceError | undefined {
    if (status !== 200) {
      const text = `the peer answered with HTTP status ${status}, which is not mucp`;
      return new ServiceError(codeOfHttpStatus(status), text, { answered: true });
    }
    const error = fields.micro('error');
    if (error !== undefined && error !== '') return readMicroError(fromWire(error));
    // To a call in text it is a reply like any other.
    const isText = mediaType(fields.contentType ?? '') === 'text/plain' && this.contentTypeOf(call) !== 'text/plain';
    const text = isText ? body.toString('utf8', 0, 300) : '';
    if (!text.startsWith('unsupported Content-Type')) return undefined;
    const message = `the peer says: ${text.slice(0, 200)}`;
    return new ServiceError('InvalidArgument', message, { executed: 'no', answered: true });
  }

  /**
   * The message in a response that tells of no error, and what reads it.
   *
   * @throws ServiceError the error in its envelope, or what is wrong with it.
   */
  messageIn({ fields, body }: Pick<ClientResponse, 'fields' | 'body'>): {
    readonly codec: OpenCodec;
    readonly bytes: Buffer;
  } {
    checkIdentity(fields);
    const contentType = mediaType(fields.contentType ?? '');
    const envelope = boundEnvelope(this.#codecs, contentType);
    if (envelope === undefined) return { codec: codecOfReply(this.#codecs, contentType), bytes: body };
    const codec = codecOfReply(this.#codecs, envelope.inner);
    const opened = openedReply(() => envelope.openReply(body, codec));
    if (opened.error !== '') throw readMicroError(opened.error);
    return { codec, bytes: opened.body };
  }

  /** Streams over mucp are another protocol. */
  streamHead(): undefined {
    return undefined;
  }

  #codecOf(contentType: string): OpenCodec {
    return this.#codecs.of(boundEnvelope(this.#codecs, contentType)?.inner ?? contentType);
  }
}

function openedReply<T>(open: () => T): T {
  try {
    return open();
  } catch (thrown) {
    throw malformedReply(ServiceError.from(thrown).rawMessage, thrown);
  }
}

function fieldText(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not pass
  if (/[\u0000-\u001f\u007f]/.test(name)) {
    throw new ServiceError('InvalidArgument', `${JSON.stringify(name.slice(0, 100))} cannot stand in a header field`, {
      executed: 'no',
    });
  }
  return toWire(name);
}
