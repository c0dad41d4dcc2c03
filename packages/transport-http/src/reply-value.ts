import { type Call, ServiceError } from '@tenon/contract';
import type { CodecSet, OpenCodec } from '@tenon/contract/authoring';
import type { ClientResponse } from './client-dialect.js';
import type { HeaderFields } from './header-fields.js';

/**
 * The value in the body of a reply that says it succeeded.
 *
 * @throws ServiceError `Internal`, `executed: 'yes'`, where it cannot be read.
 */
export function decodeReply(codecs: CodecSet, call: Call, { fields, body }: ClientResponse): unknown {
  checkIdentity(fields);
  return decodeWith(codecOfReply(codecs, fields.contentType ?? ''), call, body);
}

/** @throws ServiceError `Internal`, `executed: 'yes'`, for a reply that is compressed, which nobody asked for. */
export function checkIdentity({ contentEncoding }: HeaderFields): void {
  if (contentEncoding === undefined || contentEncoding.toLowerCase() === 'identity') return;
  throw malformedReply(`its content encoding is ${JSON.stringify(contentEncoding)}`);
}

/** @throws ServiceError `Internal`, `executed: 'yes'`, where no codec is bound for it. */
export function codecOfReply(codecs: CodecSet, contentType: string): OpenCodec {
  try {
    return codecs.of(contentType);
  } catch (thrown) {
    throw malformedReply(ServiceError.from(thrown).rawMessage, thrown);
  }
}

/** @throws ServiceError `Internal`, `executed: 'yes'`, for bytes that are malformed. */
export function decodeWith(codec: OpenCodec, call: Call, bytes: Buffer): unknown {
  try {
    return codec.decode(bytes, call.endpoint.response);
  } catch (thrown) {
    throw malformedReply(ServiceError.from(thrown).rawMessage, thrown);
  }
}

/** The handler ran, but its answer is lost. */
export function malformedReply(why: string, cause?: unknown): ServiceError {
  return new ServiceError('Internal', `the reply cannot be read: ${why}`, { cause, executed: 'yes' });
}
