import { clientStreams, type EndpointKind, ServiceError, serverStreams } from '@tenon/contract';
import type { CodecSet } from '@tenon/contract/authoring';
import { type AcceptedReply, readAccept } from './accepted-reply.js';
import type { StreamForm } from './stream-form.js';

/** What a request says about how it is to be answered. */
export interface AskedReply {
  readonly endpoint: string;
  readonly version: 1 | 2;
  readonly requestStreams: boolean;
  /** The type of the request, or of its messages. */
  readonly contentType: string;
  readonly accept: string | undefined;
  readonly lastEventId: string | undefined;
}

/** How a call is answered. */
export interface SettledReply {
  readonly kind: EndpointKind | undefined;
  /** The type of the value, or of each message. */
  readonly replyType: string;
  /** The form of the messages, if there are messages. */
  readonly form: StreamForm;
}

/** Why a call is not answered, with the HTTP status to say it with. */
export interface RefusedReply {
  readonly refused: number;
  readonly error: ServiceError;
}

/** Matches what an endpoint is with what its caller sends and accepts. */
export class ReplyNegotiation {
  readonly #codecs: CodecSet;
  readonly #isBound: (type: string) => boolean;

  constructor(codecs: CodecSet) {
    this.#codecs = codecs;
    this.#isBound = (type) => codecs.has(type);
  }

  /** @param kind - what the endpoint is; undefined where there is none such, which is the handler's to say. */
  settle(kind: EndpointKind | undefined, asked: AskedReply): SettledReply | RefusedReply {
    const { contentType, requestStreams } = asked;
    const refused = refusedRequest(kind, asked);
    if (refused !== undefined) return refused;
    // What Tenon's own client says of a unary call: nothing to choose from.
    if (asked.accept === contentType && !requestStreams) {
      if (kind === 'server') return refusedAnswer(asked.endpoint, 'a stream', streamsAdvice);
      return { kind: 'unary', replyType: contentType, form: 'frames' };
    }
    const accepted = readAccept(asked.accept, this.#isBound);
    if (kind === undefined) return this.#guess(accepted, asked);
    return serverStreams(kind) ? this.#stream(kind, accepted, asked) : this.#value(kind, accepted, asked);
  }

  #value(kind: EndpointKind, accepted: AcceptedReply, asked: AskedReply): SettledReply | RefusedReply {
    if (accepted.form !== undefined && accepted.type === undefined && !accepted.anything) {
      return refusedAnswer(asked.endpoint, 'one value', `accept ${this.#codecs.contentTypes.join(' or ')}`);
    }
    return { kind, replyType: accepted.type ?? asked.contentType, form: 'frames' };
  }

  #stream(kind: EndpointKind, accepted: AcceptedReply, asked: AskedReply): SettledReply | RefusedReply {
    if (accepted.form === undefined && !accepted.anything) {
      return refusedAnswer(asked.endpoint, 'a stream', streamsAdvice);
    }
    if (accepted.form === 'events' && asked.lastEventId !== undefined) return notAgain();
    return { kind, ...this.#form(accepted, asked.contentType) };
  }

  /** People get lines; without JSON, messages in the type of the request. */
  #form(accepted: AcceptedReply, contentType: string): { readonly replyType: string; readonly form: StreamForm } {
    const { form = 'lines', messageType } = accepted;
    if (form === 'frames') return { form, replyType: messageType ?? contentType };
    return this.#codecs.has(json) ? { form, replyType: json } : { form: 'frames', replyType: contentType };
  }

  /** Nobody knows the endpoint here, so whoever refuses the call gets to know what its caller took it for. */
  #guess(accepted: AcceptedReply, asked: AskedReply): SettledReply {
    const streams = accepted.form !== undefined && accepted.type === undefined;
    const single = accepted.type === undefined ? undefined : 'unary';
    const kind = asked.requestStreams ? (streams ? 'bidi' : 'client') : streams ? 'server' : single;
    const { form, replyType } = this.#form(accepted, asked.contentType);
    return { kind, form, replyType: streams ? replyType : (accepted.type ?? asked.contentType) };
  }
}

/** What is wrong with the request's body, before a byte of it is read. */
function refusedRequest(kind: EndpointKind | undefined, asked: AskedReply): RefusedReply | undefined {
  const { endpoint, version, requestStreams } = asked;
  const streams = kind === undefined ? requestStreams : clientStreams(kind);
  if (streams && version === 1) {
    const text = `${endpoint} takes a stream of requests, which HTTP/1.1 cannot carry; call it over HTTP/2 or another transport`;
    return { refused: 501, error: new ServiceError('Unimplemented', text, { executed: 'no' }) };
  }
  if (streams === requestStreams) return undefined;
  const text = streams
    ? `${endpoint} takes a stream of requests; send application/vnd.tenon.stream`
    : `${endpoint} takes one request, not a stream of them`;
  return { refused: 415, error: new ServiceError('InvalidArgument', text, { executed: 'no' }) };
}

function refusedAnswer(endpoint: string, what: string, advice: string): RefusedReply {
  const error = new ServiceError('InvalidArgument', `${endpoint} answers with ${what}; ${advice}`, { executed: 'no' });
  return { refused: 406, error };
}

/**
 * To an event source that lost its connection and asks again: the call would run a second time, and what was missed is
 * not kept. 204 is how such a client is told to stop.
 */
function notAgain(): RefusedReply {
  const text = 'a stream of events cannot be resumed';
  return { refused: 204, error: new ServiceError('Aborted', text, { executed: 'no' }) };
}

const streamsAdvice = 'accept application/x-ndjson, text/event-stream or application/vnd.tenon.stream';
const json = 'application/json';
