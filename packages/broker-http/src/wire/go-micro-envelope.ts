import { randomUUID } from 'node:crypto';
import { type Message, ServiceError } from '@tenon/contract';
import { receivedMetadata } from './received-metadata.js';

/** A message as it was posted: what the envelope says, and the topic that it names. */
export interface UnpackedEnvelope {
  readonly topic: string;
  /** Without the time, which the envelope does not carry. */
  readonly message: Omit<Message, 'timeMs'>;
}

/** go-micro's envelope, `{"Header":{…},"Body":"<base64>"}`, byte for byte as Go writes it. `docs/wire/http-broker.md` specifies it. */
export function packEnvelope(topic: string, message: Message): Buffer {
  const header = new Map<string, string>();
  for (const key of Object.keys(message.metadata)) header.set(canonicalKey(key), message.metadata[key] ?? '');
  if (message.traceparent !== undefined) header.set('Traceparent', message.traceparent);
  // Metadata of these names must not pass itself off as the message's own.
  header.delete('Micro-Id');
  header.set('Content-Type', message.contentType);
  header.set('Micro-ID', message.id);
  header.set('Micro-Topic', topic);
  const fields = [...header].sort(byKey).map(([key, value]) => `${goString(key)}:${goString(value)}`);
  const { buffer, byteOffset, byteLength } = message.body;
  const body = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  return Buffer.from(`{"Header":{${fields.join(',')}},"Body":"${body}"}`);
}

/**
 * Reads what was posted, which may be anything.
 *
 * @throws ServiceError `InvalidArgument`, and nothing else, where it is no envelope or names no topic.
 */
export function unpackEnvelope(bytes: Buffer): UnpackedEnvelope {
  const { header, body } = parsed(bytes);
  const { 'content-type': contentType, 'micro-id': id, 'micro-topic': topic = '', traceparent, ...rest } = header;
  if (topic === '') throw malformed('Topic not found');
  return {
    topic,
    message: {
      id: id ?? randomUUID(),
      contentType: contentType ?? 'application/json',
      body,
      metadata: receivedMetadata(rest),
      ...(traceparent === undefined ? {} : { traceparent }),
    },
  };
}

function parsed(bytes: Buffer): { readonly header: Record<string, string>; readonly body: Uint8Array } {
  let envelope: unknown;
  try {
    envelope = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw malformed('it is not JSON');
  }
  if (typeof envelope !== 'object' || envelope === null || Array.isArray(envelope)) throw malformed('it is no object');
  // Go writes a nil map and a nil slice as null.
  const { Header = null, Body = null } = envelope as { Header?: unknown; Body?: unknown };
  return { header: lowerCased(Header), body: decoded(Body ?? '') };
}

function decoded(body: unknown): Uint8Array {
  // Buffer.from skips what is not base64; Go refuses it.
  if (typeof body === 'string' && base64.test(body) && body.length % 4 === 0) return Buffer.from(body, 'base64');
  throw malformed('its body is not base64');
}

/** With lower-case keys: so both spellings of Micro-ID, and whatever other clients write, read the same. */
function lowerCased(header: unknown): Record<string, string> {
  const copy: Record<string, string> = Object.create(null);
  if (header === null) return copy;
  if (typeof header !== 'object' || Array.isArray(header)) throw malformed('its header is no object');
  for (const [key, value] of Object.entries(header)) {
    if (typeof value !== 'string') throw malformed('its header has a value that is no string');
    copy[key.toLowerCase()] = value;
  }
  return copy;
}

/** As Go's `textproto.CanonicalMIMEHeaderKey`: `foo-bar` is `Foo-Bar`. Keys of checked metadata are tokens already. */
function canonicalKey(key: string): string {
  return key.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** A JSON string as Go writes it, which also escapes what HTML would take amiss. */
function goString(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Go sorts a map's keys by their bytes. */
function byKey([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}

function malformed(reason: string): ServiceError {
  return ServiceError.refusal('InvalidArgument', reason, { executed: 'no' });
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
