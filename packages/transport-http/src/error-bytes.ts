import type { Logger, ServiceError } from '@tenon/contract';
import type { CodecSet } from '@tenon/contract/authoring';

/** An error's record in JSON; without its details where JSON cannot say them. */
export function errorBytes(
  error: ServiceError,
  call: { readonly service: string; readonly endpoint: string },
  codecs: CodecSet,
  logger: Logger,
): Buffer {
  const { details, ...record } = error.toRecord();
  if (details !== undefined && codecs.has('application/json')) {
    try {
      return codecs.of('application/json').encode({ ...record, details });
    } catch (cause) {
      const { service, endpoint } = call;
      logger.error('the details of an error could not be sent', { service, endpoint, error: cause });
    }
  }
  return Buffer.from(JSON.stringify(record));
}
