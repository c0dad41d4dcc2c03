import { checkedMetadata, type Metadata, noMetadata } from '@tenon/contract';

/**
 * Metadata that came from outside. A set that breaks the rules of `checkedMetadata`, which no Tenon publisher lets
 * through, reads as empty: the event is worth more than what a stranger pinned to it.
 */
export function receivedMetadata(given: Metadata): Metadata {
  try {
    return checkedMetadata(given);
  } catch {
    return noMetadata;
  }
}
