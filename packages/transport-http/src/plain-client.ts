import type { OutgoingHttpHeaders } from 'node:http';
import { type Call, codeOfHttpStatus, isCode, type Reply, ServiceError } from '@tenon/contract';
import type { CodecSet } from '@tenon/contract/authoring';
import type { ClientDialect, ClientMessage, ClientResponse } from './client-dialect.js';
import { addMetadata, metadataOf, nodeHeader } from './headers.js';
import type { ResolvedHttpOptions } from './http-options.js';
import { decodeReply, malformedReply } from './reply-value.js';
import { writePath } from './request-path.js';
import { milliseconds, timeLeftHeader } from './time-left.js';

/** Calls a Tenon node: `POST /greeter/Greeter.Hello`. */
export class PlainClient implements ClientDialect {
  readonly #codecs: CodecSet;
  readonly #maxMessageBytes: number;
  readonly #contentType: string;

  constructor(codecs: CodecSet, options: ResolvedHttpOptions) {
    this.#codecs = codecs;
    this.#maxMessageBytes = options.maxMessageBytes;
    this.#contentType =
      options.contentType ?? (codecs.has('application/msgpack') ? 'application/msgpack' : 'application/json');
  }

  request(call: Call, leftMs: number, node: string): ClientMessage {
    const { endpoint, value } = call;
    const contentType = call.contentType ?? this.#contentType;
    const body = this.#codecs.of(contentType).encode(value, endpoint.request, this.#maxMessageBytes);
    const headers: OutgoingHttpHeaders = {
      'content-type': contentType,
      'content-length': body.length,
      accept: contentType,
    };
    if (leftMs !== Number.POSITIVE_INFINITY) headers[timeLeftHeader] = milliseconds(leftMs);
    // Ids come from the registry: one that no header could carry is not sent, and the service name alone must do.
    if (/^[\x21-\x7e]{1,256}$/.test(node)) headers[nodeHeader] = node;
    addMetadata(headers, call.metadata, 'encode');
    return { path: writePath(endpoint.service, endpoint.name), headers, body };
  }

  reply(call: Call, response: ClientResponse): Reply {
    if (response.status !== 200) throw this.#failure(response);
    const value = decodeReply(this.#codecs, call, response);
    return { value, metadata: replyMetadata(response) };
  }

  /** The error that a Tenon node described; of any other peer (a proxy), what its status says. */
  #failure(response: ClientResponse): ServiceError {
    const record = this.#record(response);
    if (record !== undefined) return ServiceError.fromRecord(record);
    const text = response.body.subarray(0, 200).toString('utf8').trim();
    const message = `the peer answered with HTTP status ${response.status}${text === '' ? '' : `: ${text}`}`;
    return new ServiceError(codeOfHttpStatus(response.status), message);
  }

  #record({ contentType, body }: ClientResponse): object | undefined {
    if (contentType !== 'application/json') return undefined;
    let value: unknown;
    try {
      const bound = this.#codecs.has(contentType);
      value = bound ? this.#codecs.of(contentType).decode(body) : JSON.parse(body.toString('utf8'));
    } catch {
      // No error record, whatever the type says: the status has to do.
      return undefined;
    }
    if (typeof value !== 'object' || value === null) return undefined;
    return 'code' in value && isCode(value.code) ? value : undefined;
  }
}

function replyMetadata(response: ClientResponse): Reply['metadata'] {
  try {
    return metadataOf(response.rawHeaders);
  } catch (thrown) {
    throw malformedReply('its metadata is over the limit', thrown);
  }
}
