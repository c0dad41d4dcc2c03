import type { Call, EndpointDescriptor, Metadata, Reply } from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';
import type { Body } from './body-encoder.js';
import type { HeaderFields } from './header-fields.js';
import type { FieldPairs } from './headers.js';

/** What the requests to one endpoint in one content type have in common. */
export interface RequestTemplate {
  readonly contentType: string;
  readonly codec: OpenCodec;
  readonly path: string;
  readonly fields: FieldPairs;
}

/** A whole response. */
export interface ClientResponse {
  readonly status: number;
  readonly fields: HeaderFields;
  /** Of use only while the reply is read. */
  readonly body: Buffer;
}

/** The head of a reply that streams. */
export interface StreamHead {
  /** Of its messages. */
  readonly codec: OpenCodec;
  readonly metadata: Metadata;
}

/** One form of HTTP that nodes understand: how a call is written, and how its answer is read. */
export interface ClientDialect {
  /** The media type of the call's request, as it is sent. */
  contentTypeOf(call: Call): string;
  /**
   * @param node - the id of the node that the calls are meant for; empty where only its address is known.
   * @throws ServiceError `executed: 'no'` where no request can say this.
   */
  template(endpoint: EndpointDescriptor, contentType: string, node: string): RequestTemplate;
  /**
   * Adds what is different for each call.
   *
   * @throws ServiceError `executed: 'no'` where no request can say this.
   */
  addFields(fields: FieldPairs, call: Call, leftMs: number): void;
  /** The body as it is sent, where the dialect puts something around it. Absent: nothing. */
  wrapped?(body: Body, call: Call, template: RequestTemplate, fields: FieldPairs): Body;
  /** @throws ServiceError what the peer answered, or what is wrong with its answer. */
  reply(call: Call, response: ClientResponse): Reply;
  /**
   * What the head of a response says about the messages that follow; undefined where one value does, or an error.
   *
   * @throws ServiceError what is wrong with it.
   */
  streamHead(call: Call, status: number, fields: HeaderFields): StreamHead | undefined;
}
