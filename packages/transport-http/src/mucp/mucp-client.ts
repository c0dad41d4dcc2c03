import {
  type Call,
  codeOfHttpStatus,
  type EndpointDescriptor,
  noMetadata,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { type CodecSet, mediaType } from '@tenon/contract/authoring';
import type { ClientDialect, ClientResponse, RequestTemplate } from './client-dialect.js';
import { checkedContentType } from './content-type.js';
import { addMetadata, type FieldPairs, fromWire, toWire } from './headers.js';
import { readMicroError } from './micro-error.js';
import { decodeReply } from './reply-value.js';
import { nanoseconds } from './time-left.js';

/** Calls a go-micro node: mucp, one request and one reply. */
export class MucpClient implements ClientDialect {
  readonly #codecs: CodecSet;
  /** go-micro numbers the calls of a client, from 0. */
  #nextId = 0;

  constructor(codecs: CodecSet) {
    this.#codecs = codecs;
  }

  /** go-micro compares the whole field with its codecs' names: no parameters. */
  contentTypeOf(call: Call): string {
    return call.contentType === undefined ? 'application/json' : mediaType(call.contentType);
  }

  template(endpoint: EndpointDescriptor, contentType: string): RequestTemplate {
    const type = checkedContentType(contentType);
    const name = fieldText(endpoint.name);
    const fields = ['Content-Type', type, 'Accept', type, 'Micro-Service', fieldText(endpoint.service)];
    fields.push('Micro-Endpoint', name, 'Micro-Method', name);
    return { contentType, codec: this.#codecs.of(type), path: '/', fields };
  }

  addFields(fields: FieldPairs, call: Call, leftMs: number): void {
    fields.push('Micro-Id', String(this.#nextId));
    this.#nextId += 1;
    if (leftMs !== Number.POSITIVE_INFINITY) fields.push('Timeout', nanoseconds(leftMs));
    addMetadata(fields, call.metadata, 'refuse');
  }

  /**
   * Only `Micro-Error`, `Content-Type` and the body mean anything: the other fields of a go-micro server are those of
   * the first request on its connection, echoed. So a reply has no metadata.
   */
  reply(call: Call, response: ClientResponse): Reply {
    const { status, fields, body } = response;
    if (status !== 200) {
      throw new ServiceError(
        codeOfHttpStatus(status),
        `the peer answered with HTTP status ${status}, which is not mucp`,
        { answered: true },
      );
    }
    const error = fields.micro('error');
    if (error !== undefined && error !== '') throw readMicroError(fromWire(error));
    const text = mediaType(fields.contentType ?? '') === 'text/plain' ? body.toString('utf8') : '';
    if (text.startsWith('unsupported Content-Type')) {
      const message = `the peer says: ${text.slice(0, 200)}`;
      throw new ServiceError('InvalidArgument', message, { executed: 'no', answered: true });
    }
    return { value: decodeReply(this.#codecs, call, response), metadata: noMetadata };
  }

  /** Streams over mucp are another protocol. */
  streamHead(): undefined {
    return undefined;
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
