import { type CallOptions, noMetadata, type Reply, ServiceError } from '@tenon/contract';
import type { AttemptParts } from './attempt-parts.js';
import { located } from './located.js';
import type { PreparedCall } from './prepared-call.js';

/**
 * Answers a call that failed by its fallback. Where the caller has cancelled nobody is asked: it rejects with the call's error,
 * and with the fallback's own where that fails.
 */
export async function orFallback(
  error: ServiceError,
  fallback: NonNullable<CallOptions['fallback']>,
  { endpoint, cancellation }: PreparedCall,
  { telemetry, logger }: Pick<AttemptParts, 'telemetry' | 'logger'>,
): Promise<Reply> {
  if (error.code === 'Canceled' && cancellation?.canceled !== undefined) throw error;
  const place = { service: endpoint.service, endpoint: endpoint.name };
  telemetry.fallbacks.add(1, place);
  logger.debug('a call that failed is answered by its fallback', { ...place, code: error.code });
  try {
    return { value: await fallback(error), metadata: noMetadata };
  } catch (thrown) {
    throw located(ServiceError.from(thrown), endpoint);
  }
}
