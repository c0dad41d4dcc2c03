import { randomUUID } from 'node:crypto';
import { type Clock, type Message, ServiceError } from '@tenon/contract';
import type { Envelope, Packet, Received } from './envelope.js';
import { receivedMetadata } from './received-metadata.js';

/**
 * go-micro's envelope: `{"Header":{…},"Body":"<base64>"}`, byte for byte as Go writes it. It carries no time: a message
 * read from it has the time of its arrival.
 */
export class GoMicroEnvelope implements Envelope {
  readonly contentType = 'application/json';
  readonly batches = false;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  pack(topic: string, message: Message): Packet {
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
    const payload = Buffer.from(`{"Header":{${fields.join(',')}},"Body":"${body}"}`);
    return { payload, headers: undefined, bytes: payload.length };
  }

  unpack({ data }: Received): Message {
    const { header, body } = parsed(data);
    const { 'content-type': contentType, 'micro-id': id, 'micro-topic': _topic, traceparent, ...rest } = header;
    return {
      id: id ?? randomUUID(),
      timeMs: this.#clock.wallTime(),
      contentType: contentType ?? this.contentType,
      body,
      metadata: receivedMetadata(rest),
      traceparent,
    };
  }
}

function parsed(data: Uint8Array): { header: Record<string, string>; body: Uint8Array } {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
  let envelope: unknown;
  try {
    envelope = JSON.parse(text);
  } catch {
    throw malformed('it is not JSON');
  }
  if (typeof envelope !== 'object' || envelope === null || Array.isArray(envelope)) throw malformed('it is no object');
  // Go writes a nil map and a nil slice as null.
  const { Header = null, Body = null } = envelope as { Header?: unknown; Body?: unknown };
  if (Header === null && Body === null) throw malformed('it has neither header nor body');
  return { header: lowerCased(Header), body: decoded(Body ?? '') };
}

function decoded(body: unknown): Uint8Array {
  // Buffer.from skips what is not base64; Go refuses it.
  if (typeof body === 'string' && base64.test(body) && body.length % 4 === 0) return Buffer.from(body, 'base64');
  throw malformed('its body is not base64');
}

/** The header with lower-case keys: so both spellings of Micro-ID, and whatever other clients write, read the same. */
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
  return new ServiceError('InvalidArgument', `not a go-micro message: ${reason}`, { executed: 'no' });
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
