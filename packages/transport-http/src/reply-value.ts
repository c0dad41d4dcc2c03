import { type Call, ServiceError } from '@tenon/contract';
import type { CodecSet } from '@tenon/contract/authoring';
import type { ClientResponse } from './client-dialect.js';

/**
 * The value in the body of a reply that says it succeeded.
 *
 * @throws ServiceError `Internal`, `executed: 'yes'`, where it cannot be read.
 */
export function decodeReply(codecs: CodecSet, call: Call, response: ClientResponse): unknown {
  const encoding = response.header('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity')
    throw malformedReply(`its content encoding is ${JSON.stringify(encoding)}`);
  try {
    return codecs.of(response.contentType).decode(response.body, call.endpoint.response);
  } catch (thrown) {
    throw malformedReply(ServiceError.from(thrown).rawMessage, thrown);
  }
}

/** The handler ran, but its answer is lost. */
export function malformedReply(why: string, cause?: unknown): ServiceError {
  return new ServiceError('Internal', `the reply cannot be read: ${why}`, { cause, executed: 'yes' });
}
