import { type Code, ServiceError } from '@tenon/contract';

/** The codes of ZooKeeper that are asked for here (`org.apache.zookeeper.KeeperException.Code`). */
export const zookeeperCodes = Object.freeze({ noNode: -101, noAuth: -102, nodeExists: -110, authFailed: -115 });

/**
 * Turns what an operation failed with into a `ServiceError`. Only what the caller could mend has a code of its own; all that may pass by
 * itself is `Unavailable`. `executed` is `no`: it speaks of handlers, and none of a service was called.
 */
export function zookeeperError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ServiceError(codeOf(thrown), `ZooKeeper: ${message}`, { cause: thrown, executed: 'no' });
}

/** Whether ZooKeeper answered with this code. */
export function isZookeeperCode(thrown: unknown, code: number): boolean {
  const error: { readonly code?: unknown } = Object(thrown instanceof ServiceError ? thrown.cause : thrown);
  return error.code === code;
}

/** `Unavailable`, with its reason. */
export function unavailable(message: string, cause?: unknown): ServiceError {
  return new ServiceError('Unavailable', message, { executed: 'no', cause });
}

function codeOf(thrown: unknown): Code {
  if (isZookeeperCode(thrown, zookeeperCodes.noAuth)) return 'PermissionDenied';
  if (isZookeeperCode(thrown, zookeeperCodes.authFailed)) return 'Unauthenticated';
  return 'Unavailable';
}
