import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { type Logger, ServiceError } from '@tenon/contract';
import { jetStreamErrors, type NatsSession } from '@tenon/nats';
import { inboxError } from './inbox-error.js';
import type { ResolvedNatsInboxOptions } from './nats-inbox-options.js';

/**
 * Finds the bucket or makes it, also where several nodes make it at once. One that is there is used as it is; where it keeps for another
 * time than `keepMs` says, that is logged.
 *
 * Rejects with `FailedPrecondition` where the server has no JetStream, and with what the server says.
 */
export async function openBucket(
  { connection, server }: NatsSession,
  options: ResolvedNatsInboxOptions,
  logger: Logger,
): Promise<KV> {
  const { bucket, keepMs, replicas, answerTimeoutMs } = options;
  const doing = `opening the bucket ${bucket} of NATS at ${server}`;
  if (connection.info?.jetstream !== true) {
    const mend = 'the server has no JetStream: start nats-server with -js';
    throw new ServiceError('FailedPrecondition', `${doing}: ${mend}`, { executed: 'no' });
  }
  const buckets = new Kvm(jetstream(connection, { timeout: answerTimeoutMs }));
  // Read where it is written, by the stream's leader: another replica may not know of a write yet that was answered.
  const wanted = { history: 1, ttl: keepMs, replicas, allow_direct: false };
  try {
    const opened = await buckets.create(bucket, wanted).catch((thrown: unknown) => {
      if (!isTaken(thrown)) throw thrown;
      // Another node made it meanwhile, in another way.
      return buckets.create(bucket, wanted);
    });
    const { ttl, history } = await opened.status();
    if (ttl !== keepMs || history !== 1)
      logger.warn('the bucket of the inbox is another one than this app would make; it is used as it is', {
        bucket,
        maxAgeMs: ttl,
        keepMs,
        history,
      });
    return opened;
  } catch (thrown) {
    throw inboxError(thrown, doing, { executed: 'no' });
  }
}

function isTaken(thrown: unknown): boolean {
  return Object(thrown).code === jetStreamErrors.streamNameInUse;
}
