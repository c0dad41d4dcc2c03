import { JetStreamApiError } from '@nats-io/jetstream';
import {
  AuthorizationError,
  InvalidArgumentError,
  InvalidSubjectError,
  PermissionViolationError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';
import { type Code, ServiceError, type ServiceErrorFields } from '@tenon/contract';

/** Turns an error of the NATS client into ours. What is not known to be something else is `Unavailable`. */
export function natsError(thrown: unknown, doing: string, fields: ServiceErrorFields = {}): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const reason = thrown instanceof Error && thrown.message !== '' ? thrown.message : 'the connection ended';
  return new ServiceError(codeOf(thrown), `${doing}: ${reason}`, { cause: thrown, ...fields });
}

/** Whether a key was not at the revision that a write named. */
export function isPassedBy(thrown: unknown): boolean {
  return thrown instanceof JetStreamApiError && passedBy.includes(thrown.code);
}

function codeOf(thrown: unknown): Code {
  if (thrown instanceof AuthorizationError || thrown instanceof UserAuthenticationExpiredError) {
    return 'Unauthenticated';
  }
  if (thrown instanceof PermissionViolationError || Object(thrown).cause instanceof PermissionViolationError) {
    return 'PermissionDenied';
  }
  if (thrown instanceof InvalidArgumentError || thrown instanceof InvalidSubjectError) return 'InvalidArgument';
  if (!(thrown instanceof JetStreamApiError)) return 'Unavailable';
  if (full.includes(thrown.code)) return 'ResourceExhausted';
  if (thrown.code === notEnabledForAccount) return 'FailedPrecondition';
  return thrown.status >= 500 ? 'Unavailable' : 'FailedPrecondition';
}

/** `err_code`s of the server's `errors.json`. */
const passedBy: readonly number[] = [10_071, 10_164];
/** Limits of the account, of memory, of messages, bytes and the size of one. */
const full: readonly number[] = [10_002, 10_023, 10_028, 10_047, 10_054, 10_077, 10_110];
const notEnabledForAccount = 10_039;
