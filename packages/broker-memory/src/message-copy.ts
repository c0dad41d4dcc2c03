import type { Message } from '@tenon/contract';

/** A copy that shares no byte and no object with the message of the publisher or of another subscriber. */
export function copyOf(message: Message): Message {
  const metadata: Record<string, string> = Object.create(null);
  for (const key of Object.keys(message.metadata)) metadata[key] = message.metadata[key] as string;
  return Object.freeze({
    id: message.id,
    timeMs: message.timeMs,
    contentType: message.contentType,
    body: Buffer.from(message.body),
    metadata: Object.freeze(metadata),
    ...(message.traceparent === undefined ? {} : { traceparent: message.traceparent }),
  });
}
