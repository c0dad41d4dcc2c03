import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import {
  type CallHandler,
  checkedMetadata,
  type IncomingCall,
  type Metadata,
  noMetadata,
  type Reply,
  type Schema,
  type ServedCall,
  ServiceError,
} from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';
import { encoded } from '../encoded.js';
import { fromHandler, unfit } from '../server/served-errors.js';
import { leave } from '../stream/outbox.js';
import { plainError } from './plain-error.js';

interface StrangerCallParts {
  readonly message: Msg;
  readonly service: string;
  readonly endpoint: string;
  readonly node: string | undefined;
  readonly codec: OpenCodec;
  readonly metadata: Metadata;
  readonly maxReplyBytes: number;
  /** Hears of the end, once, with the error that the caller got or undefined. */
  readonly onEnd: (call: StrangerCall, error: ServiceError | undefined) => void;
}

/** A unary call in the plain form: one NATS message, one answer. */
export class StrangerCall implements IncomingCall {
  readonly service: string;
  readonly endpoint: string;
  readonly kind = 'unary';
  readonly node: string | undefined;
  readonly metadata: Metadata;
  /** NATS carries none; the server has a bound of its own. */
  readonly deadline = Number.POSITIVE_INFINITY;
  readonly peer: IncomingCall['peer'];
  readonly contentType: string;
  readonly #parts: StrangerCallParts;
  #served: ServedCall | undefined;
  #canceled: ServiceError | undefined;
  #hasEnded = false;

  constructor(parts: StrangerCallParts) {
    this.#parts = parts;
    this.service = parts.service;
    this.endpoint = parts.endpoint;
    this.node = parts.node;
    this.metadata = parts.metadata;
    this.peer = Object.freeze({ address: `nats:${parts.message.reply}`, transport: 'nats' });
    this.contentType = parts.codec.contentType;
  }

  serve(handler: CallHandler): void {
    this.#served = handler.handle(this);
    if (this.#canceled !== undefined) this.#served.cancel(this.#canceled);
  }

  /** The server gives up; the caller is told, where there is a way. */
  abandon(reason: ServiceError): void {
    if (this.#hasEnded) return;
    this.#canceled = reason;
    this.#fail(reason);
    this.#served?.cancel(reason);
  }

  decode(schema?: Schema): unknown {
    const { message, codec } = this.#parts;
    // As over HTTP: whoever asks for nothing in particular sends nothing.
    if (message.data.length === 0 && codec.contentType === 'application/json') return {};
    return codec.decode(message.data, schema);
  }

  messages(): AsyncIterable<unknown> {
    throw new ServiceError('InvalidArgument', `${this.endpoint} was called as unary: its request is in decode()`, {
      executed: 'no',
    });
  }

  reply({ value, messages, metadata, schema }: Reply): void {
    if (messages !== undefined) leave(messages);
    if (this.#hasEnded) return;
    try {
      if (messages !== undefined) throw new ServiceError('Internal', `${this.endpoint} was answered with a stream`);
      const bytes = encoded(this.#parts.codec, value, schema, this.#parts.maxReplyBytes);
      const fields = replyHeaders(checkedMetadata(metadata), this.contentType);
      this.#end(undefined, () => this.#parts.message.respond(bytes, { headers: fields }));
    } catch (thrown) {
      this.#fail(unfit(thrown));
    }
  }

  fail(error: ServiceError): void {
    if (!this.#hasEnded) this.#fail(fromHandler(error));
  }

  #fail(error: ServiceError): void {
    this.#end(error, () => plainError(this.#parts.message, error));
  }

  #end(error: ServiceError | undefined, tell: () => void): void {
    this.#hasEnded = true;
    try {
      tell();
    } catch {
      // The connection to NATS has ended, and with it the way to the caller.
    }
    this.#parts.onEnd(this, error);
  }
}

/** The headers of a stranger, those of the protocol apart. Throws `InvalidArgument` or `ResourceExhausted`. */
export function strangerMetadata(fields: MsgHdrs | undefined): Metadata {
  if (fields === undefined) return noMetadata;
  const metadata: Record<string, string> = Object.create(null);
  for (const name of fields.keys()) {
    const key = name.toLowerCase();
    if (key !== contentTypeField && !key.startsWith('nats-')) metadata[key] = fields.get(name);
  }
  return checkedMetadata(metadata);
}

/** The content type of a stranger's request: JSON, unless it says otherwise. */
export function strangerContentType(fields: MsgHdrs | undefined): string {
  const name = fields?.keys().find((key) => key.toLowerCase() === contentTypeField);
  return name === undefined ? 'application/json' : (fields?.get(name) ?? '');
}

function replyHeaders(metadata: Metadata, contentType: string): MsgHdrs {
  const fields = headers();
  fields.set('Content-Type', contentType);
  for (const [key, value] of Object.entries(metadata)) if (key !== contentTypeField) fields.set(key, value);
  return fields;
}

const contentTypeField = 'content-type';
