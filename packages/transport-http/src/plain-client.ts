import {
  type Call,
  clientStreams,
  codeOfHttpStatus,
  type EndpointDescriptor,
  isCode,
  type Metadata,
  type Reply,
  ServiceError,
  serverStreams,
} from '@tenon/contract';
import { type CodecSet, mediaType } from '@tenon/contract/authoring';
import type { ClientDialect, ClientResponse, RequestTemplate, StreamHead } from './client-dialect.js';
import { checkedContentType } from './content-type.js';
import type { HeaderFields } from './header-fields.js';
import { type FieldPairs, nodeHeader } from './headers.js';
import type { ResolvedHttpOptions } from './http-options.js';
import { MetadataFields } from './metadata-fields.js';
import { checkIdentity, codecOfReply, decodeReply, malformedReply } from './reply-value.js';
import { writePath } from './request-path.js';
import { formOf, framesOf, messageTypeOf } from './stream-form.js';
import { milliseconds, timeLeftHeader } from './time-left.js';

/** Calls a Tenon node: `POST /greeter/Greeter.Hello`. */
export class PlainClient implements ClientDialect {
  readonly #codecs: CodecSet;
  readonly #contentType: string;
  readonly #metadata = new MetadataFields();

  constructor(codecs: CodecSet, options: ResolvedHttpOptions) {
    this.#codecs = codecs;
    this.#contentType =
      options.contentType ?? (codecs.has('application/msgpack') ? 'application/msgpack' : 'application/json');
  }

  contentTypeOf(call: Call): string {
    return call.contentType ?? this.#contentType;
  }

  template(endpoint: EndpointDescriptor, contentType: string, node: string): RequestTemplate {
    const { kind, service, name } = endpoint;
    const type = checkedContentType(contentType);
    const sent = clientStreams(kind) ? framesOf(type) : type;
    const fields = ['content-type', sent, 'accept', serverStreams(kind) ? framesOf(type) : type];
    // Ids come from the registry: one that no header could carry is not sent, and the service name alone must do.
    if (/^[\x21-\x7e]{1,256}$/.test(node)) fields.push(nodeHeader, node);
    return { contentType, codec: this.#codecs.of(type), path: writePath(service, name), fields };
  }

  addFields(fields: FieldPairs, call: Call, leftMs: number): void {
    if (leftMs !== Number.POSITIVE_INFINITY) fields.push(timeLeftHeader, milliseconds(leftMs));
    this.#metadata.add(fields, call.metadata);
  }

  reply(call: Call, response: ClientResponse): Reply {
    if (response.status !== 200) throw this.#failure(response);
    const refusal = response.fields.micro('error');
    if (refusal !== undefined) throw isGoMicro(refusal);
    if (serverStreams(call.endpoint.kind)) throw malformedReply('it is one value, where a stream was asked for');
    const value = decodeReply(this.#codecs, call, response);
    return { value, metadata: replyMetadata(response.fields) };
  }

  streamHead(call: Call, status: number, fields: HeaderFields): StreamHead | undefined {
    if (status !== 200 || !serverStreams(call.endpoint.kind)) return undefined;
    const contentType = fields.contentType ?? '';
    if (formOf(mediaType(contentType)) !== 'frames') return undefined;
    checkIdentity(fields);
    return { codec: codecOfReply(this.#codecs, messageTypeOf(contentType)), metadata: replyMetadata(fields) };
  }

  /** The error that a Tenon node described; of any other peer (a proxy), what its status says. */
  #failure(response: ClientResponse): ServiceError {
    const record = this.#record(response);
    if (record !== undefined) return ServiceError.fromRecord(record);
    const text = response.body.subarray(0, 200).toString('utf8').trim();
    const message = `the peer answered with HTTP status ${response.status}${text === '' ? '' : `: ${text}`}`;
    return new ServiceError(codeOfHttpStatus(response.status), message, { answered: true });
  }

  #record({ fields, body }: ClientResponse): object | undefined {
    const contentType = mediaType(fields.contentType ?? '');
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

/** go-micro's server takes any request for mucp, and answers one that is not with status 200 and this field. */
function isGoMicro(refusal: string): ServiceError {
  const message = `the node is go-micro's and speaks mucp, which its record says by "protocol": "mucp" in the node's metadata; it answered ${JSON.stringify(refusal.slice(0, 200))}`;
  return new ServiceError('Unimplemented', message, { answered: true });
}

function replyMetadata(fields: HeaderFields): Metadata {
  try {
    return fields.metadata();
  } catch (thrown) {
    throw malformedReply('its metadata is over the limit', thrown);
  }
}
