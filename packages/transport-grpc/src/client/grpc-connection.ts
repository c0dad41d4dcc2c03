import type { OutgoingHttpHeaders } from 'node:http2';
import {
  type Call,
  type Clock,
  type Connection,
  type EndpointDescriptor,
  type Metadata,
  type Node,
  noMetadata,
  type Reply,
  type ReplyListener,
  ServiceError,
} from '@tenon/contract';
import { UnderWay } from '@tenon/contract/authoring';
import { type Http2Links, namedError, notOpen, refusalOf } from '@tenon/http';
import { type Encoding, isEncoding } from '../wire/encodings.js';
import { writeTimeout } from '../wire/grpc-timeout.js';
import type { MessageEncoder } from '../wire/message-encoder.js';
import { addMetadata, encodingKey } from '../wire/metadata-fields.js';
import { ClientCall, type ClientCallSurroundings } from './client-call.js';
import { ClientExchange, type ClientRequest } from './client-exchange.js';
import { type RequestTemplate, requestTemplate } from './request-template.js';

/** What a connection is made of. */
export interface GrpcConnectionParts extends Omit<ClientCallSurroundings, 'onOver' | 'node'> {
  readonly links: Http2Links;
  readonly node: Node;
  readonly clock: Clock;
  readonly encoder: MessageEncoder;
  readonly compression: Encoding;
  /** The media type of requests to an endpoint where the call names none. */
  contentTypeOf(endpoint: EndpointDescriptor): string;
  /** Called once, when it is closed. */
  onClosed(): void;
}

/** The way to one node. */
export class GrpcConnection implements Connection {
  readonly #parts: GrpcConnectionParts;
  readonly #surroundings: ClientCallSurroundings;
  readonly #templates = new WeakMap<EndpointDescriptor, RequestTemplate>();
  readonly #underWay = new UnderWay<ClientCall>();
  #lastMetadata: Metadata = noMetadata;
  #lastFields: OutgoingHttpHeaders = {};
  #state: 'open' | 'draining' | 'closed' = 'open';

  constructor(parts: GrpcConnectionParts) {
    const { wheel, types, maxMessageBytes, node } = parts;
    this.#parts = parts;
    const onOver = (call: ClientCall): void => this.#underWay.remove(call);
    this.#surroundings = { wheel, types, maxMessageBytes, node: node.id, onOver };
  }

  unary(call: Call): Promise<Reply> {
    return new Promise((onReply, onFailure) => this.send(call, { onReply, onFailure }));
  }

  stream(call: Call): Promise<Reply> {
    return this.unary(call);
  }

  send(call: Call, listener: ReplyListener, now?: number): void {
    try {
      this.#start(call, listener, now ?? this.#parts.clock.now());
    } catch (thrown) {
      listener.onFailure(namedError(ServiceError.from(thrown), call, this.#parts.node.id));
    }
  }

  async probe(timeoutMs: number): Promise<boolean> {
    return this.#state === 'closed' ? false : this.#parts.links.probe(timeoutMs);
  }

  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    await this.#underWay.emptied();
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    for (const call of this.#underWay.all()) call.end();
    this.#parts.links.destroy();
    this.#parts.onClosed();
  }

  #start(call: Call, listener: ReplyListener, now: number): void {
    const { links, maxMessageBytes } = this.#parts;
    if (this.#state !== 'open') throw notOpen(this.#state);
    const leftMs = call.deadline - now;
    const refused = refusalOf(call, leftMs);
    if (refused !== undefined) throw refused;
    const request = this.#request(call, leftMs);
    const started = new ClientCall(call, listener, this.#surroundings);
    const exchange = new ClientExchange(started, request, maxMessageBytes);
    started.carriedBy(exchange);
    this.#underWay.add(started);
    links.send(exchange);
  }

  #request(call: Call, leftMs: number): ClientRequest {
    const { encoder } = this.#parts;
    const { endpoint, messages, value, metadata } = call;
    const { type, headers: common } = this.#template(call);
    const headers: OutgoingHttpHeaders = Object.assign(Object.create(null), common);
    if (leftMs !== Number.POSITIVE_INFINITY) headers['grpc-timeout'] = writeTimeout(leftMs);
    const encoding = this.#encodingOf(metadata);
    if (encoding !== 'identity') headers['grpc-encoding'] = encoding;
    if (metadata !== noMetadata) Object.assign(headers, this.#fieldsOf(metadata));
    const encode = (message: unknown): Buffer => encoder.encode(type.codec, message, endpoint.request, encoding);
    const streams = endpoint.kind !== 'unary';
    return { headers, streams, body: messages === undefined ? encode(value) : undefined, messages, encode };
  }

  #template(call: Call): RequestTemplate {
    const { types, node, contentTypeOf } = this.#parts;
    const type = types.ofContentType(call.contentType ?? contentTypeOf(call.endpoint));
    const known = this.#templates.get(call.endpoint);
    if (known?.type === type) return known;
    const template = requestTemplate(call.endpoint, type, node);
    this.#templates.set(call.endpoint, template);
    return template;
  }

  #encodingOf(metadata: Metadata): Encoding {
    const asked = metadata === noMetadata ? undefined : metadata[encodingKey];
    if (asked === undefined) return this.#parts.compression;
    if (isEncoding(asked)) return asked;
    const text = `metadata ${encodingKey} is ${JSON.stringify(asked)}; it must be identity, gzip or deflate`;
    throw new ServiceError('InvalidArgument', text, { executed: 'no' });
  }

  /** Checked and written once where one object comes again: what a caller keeps frozen for all its calls is the same each time. */
  #fieldsOf(metadata: Metadata): OutgoingHttpHeaders {
    if (metadata === this.#lastMetadata) return this.#lastFields;
    const fields: OutgoingHttpHeaders = Object.create(null);
    addMetadata(fields, metadata);
    if (Object.isFrozen(metadata)) {
      this.#lastMetadata = metadata;
      this.#lastFields = fields;
    }
    return fields;
  }
}
