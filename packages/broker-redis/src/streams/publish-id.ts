import type { Message } from '@tenon/contract';
import { deadLetterKeys, requeuedFor } from '@tenon/contract/authoring';

/**
 * By what the server knows a message that is published twice. Its topic is part of it, because a stream keeps many topics; so is whose
 * dead letter it is, and that it was requeued, for then it is to come again.
 */
export function publishId(topic: string, { id, metadata }: Message): string {
  if (metadata[requeuedFor] !== undefined) return `${topic} ${id} ${crypto.randomUUID()}`;
  if (metadata[deadLetterKeys.topic] === undefined) return `${topic} ${id}`;
  return `${topic} ${id} ${metadata[deadLetterKeys.topic]} ${metadata[deadLetterKeys.queue] ?? ''}`;
}
