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

function codeOf(thrown: unknown): Code {
  if (thrown instanceof AuthorizationError || thrown instanceof UserAuthenticationExpiredError) {
    return 'Unauthenticated';
  }
  // Of a request that may not be made it is the cause.
  if (thrown instanceof PermissionViolationError || Object(thrown).cause instanceof PermissionViolationError) {
    return 'PermissionDenied';
  }
  if (thrown instanceof InvalidArgumentError || thrown instanceof InvalidSubjectError) return 'InvalidArgument';
  return 'Unavailable';
}
