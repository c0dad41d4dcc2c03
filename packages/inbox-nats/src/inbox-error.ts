import { JetStreamApiError } from '@nats-io/jetstream';
import { type Code, ServiceError, type ServiceErrorFields } from '@tenon/contract';
import { isLimitReached, jetStreamErrors, natsError } from '@tenon/nats';

/** Turns an error of the NATS client, or what JetStream says in place of an answer, into ours. */
export function inboxError(thrown: unknown, doing: string, fields: ServiceErrorFields): ServiceError {
  if (!(thrown instanceof JetStreamApiError)) return natsError(thrown, doing, fields);
  return new ServiceError(codeOf(thrown), `${doing}: ${thrown.message}`, { cause: thrown, ...fields });
}

/** Whether a key was not at the revision that a write named. */
export function isPassedBy(thrown: unknown): boolean {
  return thrown instanceof JetStreamApiError && passedBy.includes(thrown.code);
}

/** A store is asked again after `Unavailable`, so that is what the server's own failures are. */
function codeOf({ code, status }: JetStreamApiError): Code {
  if (isLimitReached(code)) return 'ResourceExhausted';
  if (code === jetStreamErrors.notEnabledForAccount) return 'FailedPrecondition';
  return status >= 500 ? 'Unavailable' : 'FailedPrecondition';
}

/** `err_code`s of the server's `errors.json`. */
const passedBy: readonly number[] = [10_071, 10_164];
