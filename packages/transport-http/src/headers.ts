import { isUtf8 } from 'node:buffer';
import { callMetadata, checkedMetadata, type Metadata, ServiceError } from '@tenon/contract';

/**
 * The header fields that belong to HTTP or to a dialect and are never metadata, in either direction: as names, and as
 * prefixes. Everything else that a peer sends is metadata.
 */
export const framingHeaders = Object.freeze({
  names: Object.freeze([
    'age',
    'allow',
    'connection',
    'date',
    'expect',
    'host',
    'http2-settings',
    'keep-alive',
    'last-event-id',
    'server',
    'te',
    'timeout',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'user-agent',
    'vary',
  ]),
  prefixes: Object.freeze(['accept', 'content-', 'micro-', 'proxy-', 'tenon-', 'x-micro-']),
  /** Metadata for all that: what the framework itself sends with calls, over every wire. */
  exceptions: Object.freeze(Object.values(callMetadata)),
});

/** Names the node that a call is meant for: it tells two versions of a service in one process apart. */
export const nodeHeader = 'tenon-node';

/** Whether a field, named in lower case, is on the list of {@link framingHeaders}. */
export function isFraming(name: string): boolean {
  if (framingNames.has(name)) return true;
  return framingHeaders.prefixes.some((prefix) => name.startsWith(prefix)) && !exceptions.has(name);
}

/**
 * Names the fields, separated by commas, whose values are percent-encoded: those that begin or end with white space,
 * which HTTP strips. The fields keep their own names, so that a proxy that filters by name still sees them.
 */
const encodedHeader = 'tenon-encoded';

/** Header fields on their way out: name, value, name, value. Values are as Node wants them (see {@link toWire}). */
export type FieldPairs = string[];

/**
 * Adds metadata to the fields of a request or a reply.
 *
 * @param padded - what to do with a value that begins or ends with white space, which HTTP would strip: `encode` it (see
 * {@link encodedHeader}), or `refuse` it where the peer does not know how to read that.
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, for a key on the list of {@link framingHeaders}, for a value
 * that is refused, and for whatever `checkedMetadata` refuses: nothing that could split a header gets past here.
 */
export function addMetadata(pairs: FieldPairs, metadata: Metadata, padded: 'encode' | 'refuse'): void {
  const checked = checkedMetadata(metadata);
  let encoded = '';
  for (const name in checked) {
    const value = checked[name] ?? '';
    if (isFraming(name)) throw refusal(`metadata key "${name}" is a header field of HTTP itself; choose another name`);
    if (!edgeOfWhiteSpace.test(value)) pairs.push(name, toWire(value));
    else if (padded === 'refuse') throw refusal(`metadata value of "${name}" begins or ends with white space`);
    else {
      pairs.push(name, encodeURIComponent(value));
      encoded = encoded === '' ? name : `${encoded},${name}`;
    }
  }
  if (encoded !== '') pairs.push(encodedHeader, encoded);
}

/**
 * The metadata among a peer's header fields: all but those that {@link isFraming} knows. A field that came twice is one
 * value, joined by a comma (RFC 9110 §5.3).
 *
 * @param fields - name, value, name, value; names in lower case, values as Node hands them over.
 * @param encoded - the value of {@link encodedHeader}.
 * @throws ServiceError `ResourceExhausted`, `executed: 'no'`, over the limits of metadata; `InvalidArgument`,
 * `executed: 'no'`, where a value is not encoded as {@link encodedHeader} says.
 */
export function metadataOf(fields: readonly string[], encoded: string | undefined): Metadata {
  const metadata: Record<string, string> = Object.create(null);
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fromWire(fields[index + 1] ?? '');
    const earlier = metadata[name];
    metadata[name] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  if (encoded !== undefined) decode(metadata, encoded.split(','));
  return checkedMetadata(metadata);
}

/** Text as Node wants a field's value: each byte of its UTF-8 form as one character. */
export function toWire(value: string): string {
  return beyondAscii.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value;
}

/** The text of a field's value as Node hands it over. What is no UTF-8 is read as latin1, HTTP's old default. */
export function fromWire(value: string): string {
  if (!beyondAscii.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

function decode(metadata: Record<string, string>, names: readonly string[]): void {
  for (const name of new Set(names.map((given) => given.trim().toLowerCase()))) {
    const value = metadata[name];
    if (value === undefined) continue;
    try {
      metadata[name] = decodeURIComponent(value);
    } catch {
      throw refusal(`header ${encodedHeader} names "${name}", whose value is not percent-encoded UTF-8`);
    }
  }
}

function refusal(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

const framingNames: ReadonlySet<string> = new Set(framingHeaders.names);
const exceptions: ReadonlySet<string> = new Set(framingHeaders.exceptions);
const edgeOfWhiteSpace = /^[ \t]|[ \t]$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all that is not ASCII
const beyondAscii = /[^\u0000-\u007f]/;
