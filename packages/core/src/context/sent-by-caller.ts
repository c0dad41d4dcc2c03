import { callMetadata, type Metadata, noMetadata, type Priority } from '@tenon/contract';

/** How important its caller says that a call is; where it says nothing, or words of its own, what the endpoint says. */
export function priorityOf(metadata: Metadata, ofEndpoint: Priority = 'normal'): Priority {
  if (metadata === noMetadata) return ofEndpoint;
  const said = metadata[callMetadata.priority];
  return said === 'critical' || said === 'bulk' ? said : ofEndpoint;
}

/** Which attempt its caller says that a call is: 1 unless it says a number from 2 to 99. */
export function attemptOf(metadata: Metadata): number {
  if (metadata === noMetadata) return 1;
  const said = metadata[callMetadata.attempt];
  return said !== undefined && /^[1-9]\d?$/.test(said) ? Number(said) : 1;
}
