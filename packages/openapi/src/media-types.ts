import type { EndpointKind, JsonSchema } from '@tenon/contract';

/** Media types, each with the schema of what it carries. */
export type MediaTypes = Readonly<Record<string, object>>;

export function jsonContent(schema: JsonSchema): MediaTypes {
  return { 'application/json': { schema } };
}

/**
 * Replies of a stream. OpenAPI 3.1 has no word for "many of these": as generators of clients take it, `schema` is that of one message.
 * `x-itemSchema` says the same in the word that OpenAPI 3.2 has for it.
 */
export function streamContent(schema: JsonSchema): MediaTypes {
  const item = { schema, 'x-itemSchema': schema };
  return { 'application/x-ndjson': item, 'text/event-stream': item };
}

/** Requests of a stream: bytes, of which `x-itemSchema` says what each frame holds. */
export function framesContent(schema: JsonSchema): MediaTypes {
  return { 'application/vnd.tenon.stream; type="application/json"': { schema: frames, 'x-itemSchema': schema } };
}

/** What a reader has to know of each kind before a first call. */
export const streamNotes: Readonly<Record<EndpointKind, string>> = Object.freeze({
  unary: '',
  server:
    'Streams its replies. By `Accept` they come as lines of JSON (`application/x-ndjson`, the default) or as server-sent events ' +
    '(`text/event-stream`); the schema is that of one message. An error before the first message is an ordinary one, with its status. Later ' +
    'the status is 200 already: then the stream ends with an empty line and a `StreamFailure`, or with an event named `error`. A stream ' +
    'that ends well ends with its body, or with an event named `end`.',
  client:
    'Takes a stream of requests, in frames, and gives one reply. HTTP/1.1 cannot carry it and answers 501; HTTP/2 can.',
  bidi:
    'Takes a stream of requests, in frames, and streams its replies, as lines of JSON (`application/x-ndjson`, the default) or server-sent ' +
    'events (`text/event-stream`). HTTP/1.1 cannot carry it and answers 501; HTTP/2 can.',
});

const frames: JsonSchema = Object.freeze({
  type: 'string',
  format: 'binary',
  description:
    'Frames: one byte (0 a message, 1 the end), the length in four bytes (big-endian, unsigned), and as many bytes of JSON.',
});
