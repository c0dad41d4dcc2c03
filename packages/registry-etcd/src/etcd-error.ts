import { type Code, codes, ServiceError } from '@tenon/contract';

/**
 * Turns what a call to etcd failed with into a `ServiceError`. `executed` is `no`: it speaks of handlers, and none of a
 * service was called.
 *
 * Only what the caller could mend keeps a code of its own (permission, argument, lease not found, space). All that may
 * pass by itself is `Unavailable`: no connection, no leader, no answer within the deadline.
 */
export function etcdError(thrown: unknown, endpoint?: string): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const { code, details } = grpcStatusOf(thrown);
  const where = endpoint === undefined ? 'etcd' : `etcd at ${endpoint}`;
  return new ServiceError(codeOf(code, details), `${where}: ${details}`, { cause: thrown, executed: 'no' });
}

/** Whether a call failed because of the connection or the member, so that a new one may do. */
export function isConnectionFailure(error: ServiceError): boolean {
  return error.code === 'Unavailable';
}

/** Whether the deadline passed: the connection may be half open, and there is no time left for another attempt. */
export function isDeadline(thrown: unknown): boolean {
  return grpcStatusOf(thrown).code === codes.DeadlineExceeded.number;
}

/** Whether etcd no longer accepts our token: it expired, etcd restarted, or users were changed. */
export function isStaleToken(thrown: unknown): boolean {
  return /invalid auth token|revision of auth store is old/.test(grpcStatusOf(thrown).details);
}

function codeOf(number: number, details: string): Code {
  if (/authentication failed|user name is empty|invalid auth token/.test(details)) return 'Unauthenticated';
  return keptCodes.find((code) => codes[code].number === number) ?? 'Unavailable';
}

const keptCodes: readonly Code[] = Object.freeze([
  'InvalidArgument',
  'NotFound',
  'PermissionDenied',
  'ResourceExhausted',
  'OutOfRange',
  'Unimplemented',
  'Unauthenticated',
]);

function grpcStatusOf(thrown: unknown): { readonly code: number; readonly details: string } {
  const error: { code?: unknown; details?: unknown; message?: unknown } = Object(thrown);
  const text = typeof error.details === 'string' && error.details !== '' ? error.details : error.message;
  return {
    code: typeof error.code === 'number' ? error.code : codes.Unknown.number,
    details: typeof text === 'string' ? text : String(thrown),
  };
}
