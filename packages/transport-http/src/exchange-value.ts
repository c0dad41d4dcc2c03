import type { Logger, Schema, ServiceError } from '@tenon/contract';
import { unsendableReply } from '@tenon/http';
import type { RequestHead } from './server-dialect.js';

/**
 * The value of a request that is one.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, for bytes that are malformed.
 */
export function decodeRequest({ codec }: RequestHead, body: Uint8Array, schema: Schema | undefined): unknown {
  // A caller without arguments often sends no body at all; in JSON no bytes are no value.
  if (body.length === 0 && codec.contentType === 'application/json') return {};
  return codec.decode(body, schema);
}

/** The error to answer where a reply cannot be encoded. The handler ran. */
export function unsendable(
  thrown: unknown,
  { service, endpoint }: { readonly service: string; readonly endpoint: string },
  logger: Logger,
): ServiceError {
  logger.error('a reply could not be encoded', { service, endpoint, error: thrown });
  return unsendableReply(thrown);
}
