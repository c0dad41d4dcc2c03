import { deflateSync, inflateSync } from 'node:zlib';
import { ServiceError } from '@tenon/contract';
import { maxRecordBytes } from '@tenon/contract/authoring';

/** A value as go-micro puts it into a TXT record: JSON, compressed (zlib), as hexadecimal text, cut into strings of 255. */
export function textStringsOf(value: unknown): readonly Buffer[] {
  const text = Buffer.from(deflateSync(JSON.stringify(value)).toString('hex'), 'latin1');
  const strings: Buffer[] = [];
  for (let at = 0; at < text.length; at += maxStringBytes) strings.push(text.subarray(at, at + maxStringBytes));
  return strings;
}

/**
 * Reads what {@link textStringsOf} wrote, or anybody else.
 *
 * @throws ServiceError `DataLoss` where it is none, or holds more than a record may.
 */
export function valueOfStrings(strings: readonly Buffer[]): unknown {
  const text = Buffer.concat(strings).toString('latin1');
  if (text.length === 0 || text.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(text))
    throw malformed('it is not hexadecimal');
  try {
    return JSON.parse(inflateSync(Buffer.from(text, 'hex'), { maxOutputLength: maxRecordBytes }).toString());
  } catch (cause) {
    throw malformed('it is not compressed JSON of a bearable size', cause);
  }
}

function malformed(what: string, cause?: unknown): ServiceError {
  return new ServiceError('DataLoss', `malformed TXT record: ${what}`, { cause, executed: 'no' });
}

const maxStringBytes = 255;
