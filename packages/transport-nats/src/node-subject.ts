import { type Node, nodeMetadata } from '@tenon/contract';

/** Where a node that has a TCP address too says on which subject it listens. */
export const subjectKey = 'nats-subject';

/** The name of this transport. */
export const transportName = 'nats';

/** The subject of a node, or undefined where it has none. */
export function nodeSubject({ address, metadata }: Node): string | undefined {
  const protocols = metadata[nodeMetadata.protocols]?.split(',').map((protocol) => protocol.trim());
  const told = protocols?.includes(transportName) === true ? metadata[subjectKey] : undefined;
  const subject = told ?? (address.startsWith(scheme) ? address.slice(scheme.length) : undefined);
  return subject !== undefined && plainSubject.test(subject) ? subject : undefined;
}

/** The subject of the node of one instance. */
export function subjectOf(prefix: string, instance: string): string {
  return `${prefix}.node.${instance.replaceAll(/[^A-Za-z0-9_-]/g, '_') || '_'}`;
}

const scheme = 'nats:';
/** No wildcard, no space: what a registry says is not to be trusted with more. */
const plainSubject = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
