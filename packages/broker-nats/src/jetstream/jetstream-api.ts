import type { NatsConnection } from '@nats-io/transport-node';
import { type Code, ServiceError } from '@tenon/contract';
import { isLimitReached, jetStreamErrors, natsError } from '@tenon/nats';

/** What the server says in place of an answer. Its numbers: `err_code` in the server's `errors.json`. */
export function jetStreamError(
  doing: string,
  { err_code: number = 0, code = 500, description = 'no reason given' }: ApiError,
): ServiceError {
  return new ServiceError(codeOf(number, code), `${doing}: ${description}`, { executed: 'no', details: { number } });
}

/** Whether it is one that the server gave this number. */
export function isApiError(thrown: unknown, number: number): boolean {
  return thrown instanceof ServiceError && Object(thrown.details).number === number;
}

interface ApiError {
  readonly code?: number;
  readonly err_code?: number;
  readonly description?: string;
}

/** One request to JetStream's own API, which is JSON over request and reply. Rejects with `ServiceError`s. */
export async function askJetStream<T>(
  connection: NatsConnection,
  operation: string,
  body: unknown,
  timeoutMs = 5_000,
): Promise<T> {
  const doing = `JetStream ${operation}`;
  let text: string;
  try {
    const reply = await connection.request(`$JS.API.${operation}`, body === undefined ? '' : JSON.stringify(body), {
      timeout: timeoutMs,
    });
    text = reply.string();
  } catch (thrown) {
    throw noAnswer(thrown, doing);
  }
  const answer = JSON.parse(text) as T & { readonly error?: ApiError };
  if (answer.error !== undefined) throw jetStreamError(doing, answer.error);
  return answer;
}

/** Nobody listens on the API's subjects where JetStream is off. */
function noAnswer(thrown: unknown, doing: string): ServiceError {
  const isDeaf = thrown instanceof Error && /no responders/i.test(thrown.message);
  if (!isDeaf) return natsError(thrown, doing, { executed: 'no' });
  const mend = 'JetStream does not answer: start nats-server with -js, and give the account the right to use it';
  return new ServiceError('FailedPrecondition', `${doing}: ${mend}`, { executed: 'no', cause: thrown });
}

function codeOf(number: number, status: number): Code {
  if (notFound.includes(number)) return 'NotFound';
  if (isLimitReached(number)) return 'ResourceExhausted';
  if (status === 503) return 'Unavailable';
  return status === 403 ? 'PermissionDenied' : 'FailedPrecondition';
}

const { consumerNotFound, messageNotFound, streamNotFound } = jetStreamErrors;
const notFound: readonly number[] = [streamNotFound, consumerNotFound, messageNotFound];
