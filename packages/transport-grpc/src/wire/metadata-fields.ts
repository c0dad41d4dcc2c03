import { Buffer, isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { callMetadata, checkedMetadata, type Metadata, noMetadata, ServiceError } from '@tenon/contract';
import type { Encoding } from './encodings.js';

/** The header fields that belong to HTTP/2, gRPC or this transport, and are never metadata: as names, and as prefixes. */
export const reservedFields = Object.freeze({
  names: Object.freeze([
    'accept-encoding',
    'connection',
    'content-length',
    'content-type',
    'date',
    'host',
    'http2-settings',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'user-agent',
  ]),
  prefixes: Object.freeze([':', 'grpc-', 'tenon-']),
  /** Metadata for all that: what the framework itself sends with calls, over every wire. */
  exceptions: Object.freeze(Object.values(callMetadata)),
});

/** Names the node that a call is meant for: it tells two versions of a service in one process apart. */
export const nodeField = 'tenon-node';

/** The pairs that gRPC's metadata cannot carry as they are, as JSON in base64: names and values that are not its ASCII. */
const restField = 'tenon-metadata-bin';

/**
 * In what a caller or a handler gives, this chooses how its messages are compressed; in what a handler gets, it tells how the one
 * request of its call was. It is no metadata of the peer's.
 */
export const encodingKey = 'grpc-encoding';

/** The metadata of a call whose one request came compressed. */
export function withEncoding(metadata: Metadata, encoding: Encoding): Metadata {
  return Object.freeze(
    Object.assign(Object.create(null) as Record<string, string>, metadata, { [encodingKey]: encoding }),
  );
}

/**
 * Adds metadata to the fields of a request or a reply. A key that ends with `-bin` has bytes, given as base64.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, for a key of {@link reservedFields} other than
 * {@link encodingKey}, for a `-bin` value that is not base64, and for whatever `checkedMetadata` refuses: nothing that could split
 * a header gets past here.
 */
export function addMetadata(fields: OutgoingHttpHeaders, metadata: Metadata): void {
  if (metadata === noMetadata) return;
  const checked = checkedMetadata(metadata);
  let rest: Record<string, string> | undefined;
  for (const name in checked) {
    const value = checked[name] ?? '';
    if (name === encodingKey) continue;
    if (isReserved(name)) throw refusal(`metadata key "${name}" is gRPC's own; choose another name`);
    if (name.endsWith('-bin')) fields[name] = unpadded(name, value);
    else if (plainName.test(name) && plainValue.test(value)) fields[name] = value;
    else {
      rest ??= {};
      // A key such as `__proto__` is only data.
      Object.defineProperty(rest, name, { value, enumerable: true });
    }
  }
  if (rest !== undefined) fields[restField] = Buffer.from(JSON.stringify(rest)).toString('base64url');
}

/**
 * The metadata among a peer's header fields: all but {@link reservedFields}. A field that came twice is one value, joined by a
 * comma; the bytes of a `-bin` field are base64 with padding, however they came.
 *
 * @throws ServiceError `ResourceExhausted`, `executed: 'no'`, over the limits of metadata; `InvalidArgument`,
 * `executed: 'no'`, where a `-bin` field is not base64.
 */
export function metadataOf(headers: IncomingHttpHeaders): Metadata {
  let metadata: Record<string, string> | undefined;
  for (const name in headers) {
    if (isReserved(name)) continue;
    const field = headers[name];
    if (field === undefined) continue;
    metadata ??= Object.create(null) as Record<string, string>;
    const value = typeof field === 'string' ? field : field.join(', ');
    metadata[name] = name.endsWith('-bin') ? padded(name, value) : textOf(value);
  }
  const rest = headers[restField];
  if (typeof rest === 'string') metadata = Object.fromEntries([...Object.entries(metadata ?? {}), ...readRest(rest)]);
  return metadata === undefined ? noMetadata : checkedMetadata(metadata);
}

function isReserved(name: string): boolean {
  return names.has(name) || (reserved.test(name) && !exceptions.has(name));
}

/** gRPC wants what it sends without padding. */
function unpadded(name: string, value: string): string {
  return mapped(name, value, (part) => part.replace(/=+$/, ''));
}

function padded(name: string, value: string): string {
  return mapped(name, value, (part) =>
    part.replace(/=+$/, '').padEnd(Math.ceil(part.replace(/=+$/, '').length / 4) * 4, '='),
  );
}

/** Several values of one key are joined by commas. */
function mapped(name: string, value: string, map: (part: string) => string): string {
  const parts = value.split(',').map((part) => part.trim());
  for (const part of parts)
    if (!base64.test(part)) throw refusal(`metadata value of "${name}" is not base64, as -bin wants it`);
  return parts.map(map).join(',');
}

/** What is no ASCII breaks gRPC's rules, and is read for all that: as UTF-8 where it is. */
function textOf(value: string): string {
  if (!beyondAscii.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

/** What is no text among them is refused with all else that metadata may not be. */
function readRest(encoded: string): readonly (readonly [string, string])[] {
  try {
    const read: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return Object.entries(read);
  } catch {
    // Said below.
  }
  throw refusal(`header ${restField} is not a JSON object in base64`);
}

function refusal(message: string): ServiceError {
  return ServiceError.refusal('InvalidArgument', message, { executed: 'no' });
}

const names: ReadonlySet<string> = new Set(reservedFields.names);
const reserved = new RegExp(`^(?:${reservedFields.prefixes.join('|')})`);
const exceptions: ReadonlySet<string> = new Set(reservedFields.exceptions);
const plainName = /^[a-z0-9_.-]+$/;
const plainValue = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all that is not ASCII
const beyondAscii = /[^\u0000-\u007f]/;
