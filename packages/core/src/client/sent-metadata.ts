import { callMetadata, checkedMetadata, type Metadata, noMetadata, type Priority } from '@tenon/contract';

/**
 * The caller's metadata with what the framework sends beside it: of most calls nothing.
 *
 * @param metadata - checked.
 * @param priority - of the call, or of the call being served, as it came: what is none of ours is not sent on.
 */
export function sentMetadata(metadata: Metadata, priority: string | undefined, key: string | undefined): Metadata {
  const special = priority === 'bulk' || priority === 'critical' ? priority : undefined;
  if (special === undefined && key === undefined) return metadata;
  if (metadata === noMetadata && key === undefined && special !== undefined) return priorityAlone[special];
  return withMore(metadata, {
    ...(special === undefined ? {} : { [callMetadata.priority]: special }),
    ...(key === undefined ? {} : { [callMetadata.idempotencyKey]: key }),
  });
}

/** The call as it is sent at its n-th attempt, from the second on. */
export function repeated<T extends { readonly metadata: Metadata }>(call: T, attempt: number): T {
  try {
    return { ...call, metadata: withMore(call.metadata, { [callMetadata.attempt]: String(attempt) }) };
  } catch {
    // Metadata that is full to the brim goes as it is: better a repetition that does not show than none.
    return call;
  }
}

/** @throws ServiceError `ResourceExhausted` where the two together are too much: peers would not take them. */
function withMore(metadata: Metadata, more: Metadata): Metadata {
  return checkedMetadata({ ...metadata, ...more });
}

/** Most calls with a priority send nothing else: these are made once. */
const priorityAlone = Object.freeze({
  bulk: Object.freeze({ __proto__: null, [callMetadata.priority]: 'bulk' }),
  critical: Object.freeze({ __proto__: null, [callMetadata.priority]: 'critical' }),
}) as unknown as Readonly<Record<Exclude<Priority, 'normal'>, Metadata>>;
