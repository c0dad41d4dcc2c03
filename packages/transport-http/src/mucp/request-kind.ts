import { mediaType } from '@tenon/contract/authoring';
import type { HeaderFields } from '../header-fields.js';

/** Whether a request is go-micro's: any method and path, but header fields that route it. */
export function isMucp(fields: HeaderFields): boolean {
  return fields.hasMicro && routing.some((name) => fields.micro(name) !== undefined);
}

/**
 * Whether a request may be go-micro's although no field of it says so: the envelope in its body does then. Nothing else is
 * served at that path.
 */
export function mayBeEnvelope(method: string, path: string, fields: HeaderFields): boolean {
  return method === 'POST' && path === '/' && legacyTypes.has(mediaType(fields.contentType ?? ''));
}

/**
 * Whether what a call is stands in its body: nothing in the head routes it, or its `Micro-Target` says that it was written
 * for the oldest servers. `Micro-Protocol` is set by those that know better.
 */
export function isLegacy(fields: HeaderFields): boolean {
  if (present(fields, 'protocol') || present(fields, 'topic')) return false;
  return present(fields, 'target') || !['service', 'method', 'endpoint'].some((name) => present(fields, name));
}

function present(fields: HeaderFields, name: string): boolean {
  return (fields.micro(name) ?? '') !== '';
}

const routing = Object.freeze(['endpoint', 'method', 'service', 'topic', 'stream', 'target']);

const legacyTypes: ReadonlySet<string> = new Set([
  'application/json',
  'application/json-rpc',
  'application/protobuf',
  'application/proto-rpc',
]);
