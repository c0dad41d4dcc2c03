import type { EndpointDescriptor, ServiceError } from '@tenon/contract';

/** The error with its place. It is also what tells a handler's own error from one that it passes on. */
export function located(error: ServiceError, { service, name }: EndpointDescriptor): ServiceError {
  if (error.service !== undefined && error.endpoint !== undefined) return error;
  return error.with({ service: error.service ?? service, endpoint: error.endpoint ?? name });
}
