import { mediaType } from '@tenon/contract/authoring';

/**
 * How the messages of a stream stand in a body. `frames`: length-prefixed, in any codec; what Tenon's own client asks
 * for. `lines`: NDJSON. `events`: server-sent events.
 */
export type StreamForm = 'frames' | 'lines' | 'events';

/** The media type of length-prefixed messages; its parameter `type` names the type of each message. */
const framesType = 'application/vnd.tenon.stream';
export const linesType = 'application/x-ndjson';
export const eventsType = 'text/event-stream';

/** The `Content-Type` or `Accept` of messages of one type, length-prefixed. */
export function framesOf(messageType: string): string {
  return `${framesType}; type="${messageType}"`;
}

/** Which form a media type, without parameters, is a name of; undefined for all others. */
export function formOf(type: string): StreamForm | undefined {
  if (type === framesType) return 'frames';
  if (type === linesType || type === 'application/ndjson' || type === 'application/jsonl') return 'lines';
  return type === eventsType ? 'events' : undefined;
}

/** The type of the messages that {@link framesOf} was written for; empty where it is not said. */
export function messageTypeOf(contentType: string): string {
  const parameter = /;\s*type\s*=\s*(?:"([^"]*)"|([^\s;,]+))/i.exec(contentType);
  return mediaType(parameter?.[1] ?? parameter?.[2] ?? '');
}
