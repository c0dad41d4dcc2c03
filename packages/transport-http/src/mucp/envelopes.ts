import type { CodecSet } from '@tenon/contract/authoring';
import type { Envelope } from './envelope.js';
import { jsonEnvelope } from './json-envelope.js';
import { protoEnvelope } from './proto-envelope.js';

/** The envelope of a content type, if it has one. */
export function envelopeOf(contentType: string): Envelope | undefined {
  return envelopes.get(contentType);
}

/**
 * The same, where a codec is bound for what stands inside. A codec that is bound for the whole type, and nothing for the inside,
 * is a codec like any other.
 */
export function boundEnvelope(codecs: CodecSet, contentType: string): Envelope | undefined {
  const envelope = envelopes.get(contentType);
  return envelope !== undefined && codecs.has(envelope.inner) ? envelope : undefined;
}

/**
 * The type with an envelope in place of a bare one: what go-micro writes to nodes that say nothing about their protocol,
 * and what a request without any field that routes it is read as.
 */
export function legacyTypeOf(contentType: string): string {
  return legacyTypes[contentType] ?? contentType;
}

const envelopes: ReadonlyMap<string, Envelope> = new Map<string, Envelope>([
  ['application/json-rpc', jsonEnvelope],
  ['application/proto-rpc', protoEnvelope],
]);

const legacyTypes: Readonly<Record<string, string>> = Object.freeze({
  'application/json': 'application/json-rpc',
  'application/protobuf': 'application/proto-rpc',
});
