import type { NatsConnection } from '@nats-io/transport-node';
import { hasWildcards, type Logger, ServiceError } from '@tenon/contract';
import { jetStreamErrors } from '@tenon/nats';
import { askJetStream, isApiError } from './jetstream-api.js';
import type { ResolvedJetStreamOptions } from './jetstream-options.js';

/**
 * The streams that keep topics. One that somebody has made for a topic is used as it is. Where there is none, `TENON_<first token>` is made
 * for all topics with that first token: so a pattern whose first token is written out finds all its topics in one stream, and several
 * nodes that make it at once make the same.
 */
export class Streams {
  readonly #options: ResolvedJetStreamOptions;
  readonly #logger: Logger;
  /** What is known on the connection of now, by first token. */
  #known = new Map<string, Promise<string>>();

  constructor(options: ResolvedJetStreamOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
  }

  /** Forgets what was known: with another connection comes, maybe, another server. */
  reset(): void {
    this.#known = new Map();
  }

  /** The name of the stream of a topic or pattern. Rejects with `ServiceError`s; `Unimplemented` for `*.created` and `>`. */
  of(topic: string, connection: NatsConnection): Promise<string> {
    const [first = ''] = topic.split('.', 1);
    if (hasWildcards(first)) {
      const message = `the pattern ${topic}: at least once its first token must be written out, as in order.>`;
      return Promise.reject(new ServiceError('Unimplemented', message, { executed: 'no' }));
    }
    const known = this.#known.get(first);
    if (known !== undefined) return known;
    const found = this.#find(topic, first, connection);
    this.#known.set(first, found);
    found.catch(() => {
      if (this.#known.get(first) === found) this.#known.delete(first);
    });
    return found;
  }

  async #find(topic: string, first: string, connection: NatsConnection): Promise<string> {
    const name = `TENON_${first}`;
    for (let attempt = 1; ; attempt += 1) {
      const found = await namedFor(topic, connection);
      if (found !== undefined) return found;
      try {
        await askJetStream(connection, `STREAM.CREATE.${name}`, this.#config(name, first));
        this.#logger.info('a JetStream stream was made', { stream: name, subjects: [first, `${first}.>`] });
        return name;
      } catch (thrown) {
        // Another node is at it, or was first: then it is there at once. One of the name for other topics is an operator's affair.
        const isContested = contested.some((number) => isApiError(thrown, number));
        if (!isContested || attempt === maxAttempts) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, 50 * attempt));
      }
    }
  }

  #config(name: string, first: string): unknown {
    const { storage, replicas, maxAgeMs, maxBytes, duplicateWindowMs } = this.#options;
    return {
      name,
      subjects: [first, `${first}.>`],
      retention: 'limits',
      storage,
      num_replicas: replicas,
      max_age: maxAgeMs === Number.POSITIVE_INFINITY ? 0 : maxAgeMs * nsPerMs,
      max_bytes: maxBytes === Number.POSITIVE_INFINITY ? -1 : maxBytes,
      max_msgs: -1,
      max_consumers: -1,
      // Full, it refuses what is new: what it has is not lost for it.
      discard: 'new',
      duplicate_window: duplicateWindowMs * nsPerMs,
      allow_direct: true,
    };
  }
}

/** The stream that keeps a topic, or topics of a pattern; undefined where none does. */
async function namedFor(topic: string, connection: NatsConnection): Promise<string | undefined> {
  const { streams } = await askJetStream<{ readonly streams?: readonly string[] | null }>(connection, 'STREAM.NAMES', {
    subject: topic,
  });
  return streams?.[0];
}

const contested = [jetStreamErrors.streamNameInUse, jetStreamErrors.subjectsOverlap];
const maxAttempts = 5;

/** JetStream counts in nanoseconds. */
export const nsPerMs = 1_000_000;
