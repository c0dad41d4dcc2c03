import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { type Metadata, noMetadata } from '@tenon/contract';
import { natsError } from '@tenon/nats';
import { receivedMetadata } from './received-metadata.js';

/**
 * Metadata as NATS headers, one each, keys as they are. NATS trims values; what it would cut off, and `%` itself, is
 * percent-encoded, so that any value comes back as it was.
 */
export function headersOf(metadata: Metadata): MsgHdrs | undefined {
  let made: MsgHdrs | undefined;
  for (const key of Object.keys(metadata)) {
    made ??= headers();
    append(made, key, (metadata[key] ?? '').replace(endangered, encodeURIComponent));
  }
  return made;
}

function append(made: MsgHdrs, key: string, value: string): void {
  try {
    made.append(key, value);
  } catch (failure) {
    throw natsError(failure, `the metadata ${JSON.stringify(key)} cannot be sent`, { executed: 'no' });
  }
}

/** The bytes that NATS headers take on the wire: a version line, a line for each, an empty line. */
export function headerBytes(given: MsgHdrs): number {
  let bytes = 'NATS/1.0\r\n\r\n'.length;
  for (const [key, values] of given) {
    for (const value of values) bytes += Buffer.byteLength(key) + Buffer.byteLength(value) + ': \r\n'.length;
  }
  return bytes;
}

/** The metadata of NATS headers. Of a repeated header the first counts. */
export function metadataOf(given: MsgHdrs | undefined): Metadata {
  if (given === undefined) return noMetadata;
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, values] of given) if (!isOfServer(key)) metadata[key] = decoded(values[0] ?? '');
  return receivedMetadata(metadata);
}

/** `Nats-Msg-Id` and the like. Keys of metadata are in small letters. */
function isOfServer(key: string): boolean {
  return key.startsWith('Nats-');
}

/** Other clients do not encode: a value that is not percent-encoded stands for itself. */
function decoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const endangered = /%|^\s+|\s+$/g;
