import type { OutgoingHttpHeaders } from 'node:http';
import { type Call, codeOfHttpStatus, noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { type CodecSet, mediaType } from '@tenon/contract/authoring';
import type { ClientDialect, ClientMessage, ClientResponse } from './client-dialect.js';
import { addMetadata, fromWire, toWire } from './headers.js';
import type { ResolvedHttpOptions } from './http-options.js';
import { readMicroError } from './micro-error.js';
import { decodeReply } from './reply-value.js';
import { nanoseconds } from './time-left.js';

/** Calls a go-micro node: mucp, one request and one reply. */
export class MucpClient implements ClientDialect {
  readonly #codecs: CodecSet;
  readonly #maxMessageBytes: number;
  /** go-micro numbers the calls of a client, from 0. */
  #nextId = 0;

  constructor(codecs: CodecSet, options: ResolvedHttpOptions) {
    this.#codecs = codecs;
    this.#maxMessageBytes = options.maxMessageBytes;
  }

  request(call: Call, leftMs: number): ClientMessage {
    const { endpoint, value } = call;
    // go-micro compares the whole field with its codecs' names: no parameters.
    const contentType = mediaType(call.contentType ?? 'application/json');
    const body = this.#codecs.of(contentType).encode(value, endpoint.request, this.#maxMessageBytes);
    const name = toWire(endpoint.name);
    const headers: OutgoingHttpHeaders = {
      'Content-Type': contentType,
      'Content-Length': body.length,
      Accept: contentType,
      'Micro-Service': toWire(endpoint.service),
      'Micro-Endpoint': name,
      'Micro-Method': name,
      'Micro-Id': String(this.#nextId),
    };
    this.#nextId += 1;
    if (leftMs !== Number.POSITIVE_INFINITY) headers['Timeout'] = nanoseconds(leftMs);
    addMetadata(headers, call.metadata, 'refuse');
    return { path: '/', headers, body };
  }

  /**
   * Only `Micro-Error`, `Content-Type` and the body mean anything: the other fields of a go-micro server are those of
   * the first request on its connection, echoed. So a reply has no metadata.
   */
  reply(call: Call, response: ClientResponse): Reply {
    if (response.status !== 200) {
      const text = `the peer answered with HTTP status ${response.status}, which is not mucp`;
      throw new ServiceError(codeOfHttpStatus(response.status), text);
    }
    const error = response.header('micro-error') ?? response.header('x-micro-error');
    if (error !== undefined && error !== '') throw readMicroError(fromWire(error));
    const text = response.contentType === 'text/plain' ? response.body.toString('utf8') : '';
    if (text.startsWith('unsupported Content-Type')) {
      throw new ServiceError('InvalidArgument', `the peer says: ${text.slice(0, 200)}`, { executed: 'no' });
    }
    return { value: decodeReply(this.#codecs, call, response), metadata: noMetadata };
  }
}
