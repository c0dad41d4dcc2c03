import { ServiceError } from './service-error.js';

/**
 * String pairs that travel with a call, a reply or an event. Keys are lower case.
 *
 * Nothing propagates by itself: what arrives with a call is not sent on by the calls that its handler makes, unless the
 * application asks for it by key. (go-micro sends everything on, `Authorization` included.)
 *
 * Objects of this type that come off a wire have no prototype, so that a key named `constructor` is only data.
 */
export type Metadata = Readonly<Record<string, string>>;

/** What one call may carry. Same figures as W3C baggage: a larger set is a payload in disguise. */
export const metadataLimits = Object.freeze({ maxEntries: 64, maxBytes: 8 * 1_024 });

/** The empty set, shared. */
export const noMetadata: Metadata = Object.freeze(Object.create(null));

/**
 * Copies metadata that a caller gave: lower-cases the keys, checks names and values, and returns a frozen object
 * without prototype. A call with no entries returns {@link noMetadata} and allocates nothing.
 *
 * Keys are HTTP tokens (RFC 9110 §5.6.2). Values may be any Unicode text without control characters other than tab:
 * CR, LF and NUL would split a header on the wire. Half of a surrogate pair is no text: it would arrive as another.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, naming the key, on a bad key or value; `ResourceExhausted`
 * over {@link metadataLimits}.
 */
export function checkedMetadata(given: Metadata | undefined): Metadata {
  if (given === undefined || given === noMetadata) return noMetadata;
  const copy: Record<string, string> = Object.create(null);
  let entries = 0;
  let bytes = 0;
  for (const key of Object.keys(given)) {
    const value = given[key];
    if (value === undefined) continue;
    checkEntry(key, value);
    copy[key.toLowerCase()] = value;
    entries += 1;
    bytes += key.length + value.length * (isAscii.test(value) ? 1 : 3);
  }
  if (entries > metadataLimits.maxEntries || bytes > metadataLimits.maxBytes) {
    throw new ServiceError(
      'ResourceExhausted',
      `metadata has ${entries} entries and up to ${bytes} bytes; the limits are ${metadataLimits.maxEntries} and ${metadataLimits.maxBytes}: send large values in the request`,
      { executed: 'no' },
    );
  }
  return entries === 0 ? noMetadata : Object.freeze(copy);
}

function checkEntry(key: string, value: unknown): void {
  if (!token.test(key)) {
    throw new ServiceError('InvalidArgument', `metadata key ${JSON.stringify(key)} is not an HTTP token`, {
      executed: 'no',
    });
  }
  if (typeof value !== 'string' || controlCharacter.test(value)) {
    throw new ServiceError(
      'InvalidArgument',
      `metadata value of "${key}" must be a string without control characters`,
      { executed: 'no' },
    );
  }
  if (!isAscii.test(value) && loneSurrogate.test(value)) {
    throw new ServiceError(
      'InvalidArgument',
      `metadata value of "${key}" has half of a character, which UTF-8 cannot say`,
      { executed: 'no' },
    );
  }
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
const controlCharacter = /[\u0000-\u0008\u000a-\u001f\u007f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII
const isAscii = /^[\u0000-\u007f]*$/;
const loneSurrogate = /\p{Surrogate}/u;
