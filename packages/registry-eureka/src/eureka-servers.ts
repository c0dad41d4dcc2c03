import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type Clock, ServiceError } from '@tenon/contract';
import { closedError, JsonClient, type JsonRequest } from '@tenon/contract/authoring';
import type { ResolvedEurekaOptions } from './eureka-options.js';

/** What a server answered, and which. */
export interface ServerAnswer {
  readonly value: unknown;
  readonly server: string;
}

/**
 * The servers of Eureka, of which each call asks one after another until one answers: those of our own zone first, and those last that
 * did not answer lately. It holds no timer.
 */
export class EurekaServers {
  readonly #options: ResolvedEurekaOptions;
  readonly #clock: Clock;
  readonly #onRecovered: () => void;
  readonly #plain = new HttpAgent(kept);
  readonly #secure: HttpsAgent;
  readonly #servers: readonly Server[];
  #trouble: ServiceError | undefined;
  #isClosed = false;

  /** @param onRecovered - called when one answers again after none had. */
  constructor(
    options: ResolvedEurekaOptions,
    clock: Clock,
    onRecovered: () => void,
    random: () => number = Math.random,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#onRecovered = onRecovered;
    this.#secure = new HttpsAgent({ ...kept, ...options.tls, rejectUnauthorized: true });
    this.#servers = options.zones.flatMap((zone) => shuffled(zone, random)).map((baseUrl) => this.#serverAt(baseUrl));
  }

  /** Why the last call failed, where no server answered it, and none has been answered since. */
  get trouble(): ServiceError | undefined {
    return this.#trouble;
  }

  /**
   * Asks until one answers. Each gets `timeoutMs`, by default `callTimeoutMs`.
   *
   * @throws ServiceError `Unavailable` of the last one asked, or what the one that answered refused with.
   */
  async ask(asked: Omit<JsonRequest, 'timeoutMs'> & { readonly timeoutMs?: number }): Promise<ServerAnswer> {
    let failure: ServiceError | undefined;
    for (const server of this.#inOrder()) {
      if (this.#isClosed) throw closedError(us);
      try {
        const { value } = await server.json.ask({ timeoutMs: this.#options.callTimeoutMs, ...asked });
        this.#answered(server);
        return { value, server: server.baseUrl };
      } catch (thrown) {
        if (this.#isClosed) throw closedError(us);
        const error = ServiceError.from(thrown);
        if (error.code !== 'Unavailable') {
          // Whoever refuses is there.
          if (error.code !== 'Canceled') this.#answered(server);
          throw error;
        }
        server.avoidUntil = this.#clock.now() + this.#options.avoidMs;
        failure = error;
      }
    }
    if (this.#isClosed || failure === undefined) throw closedError(us);
    this.#trouble = failure;
    throw failure;
  }

  /** Closes every connection, and so gives up every call. Later ones reject with `FailedPrecondition`. */
  close(): void {
    this.#isClosed = true;
    this.#plain.destroy();
    this.#secure.destroy();
  }

  #inOrder(): readonly Server[] {
    const now = this.#clock.now();
    const isAvoided = ({ avoidUntil }: Server): boolean => avoidUntil > now;
    return [...this.#servers.filter((server) => !isAvoided(server)), ...this.#servers.filter(isAvoided)];
  }

  #answered(server: Server): void {
    server.avoidUntil = 0;
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#onRecovered();
  }

  #serverAt(baseUrl: string): Server {
    const isSecure = baseUrl.startsWith('https:');
    const json = new JsonClient({
      server: 'Eureka',
      baseUrl,
      request: isSecure ? httpsRequest : httpRequest,
      agent: isSecure ? this.#secure : this.#plain,
      headers: this.#options.headers,
      maxAnswerBytes: this.#options.maxAnswerBytes,
      clock: this.#clock,
    });
    return { baseUrl, json, avoidUntil: 0 };
  }
}

interface Server {
  readonly baseUrl: string;
  readonly json: JsonClient;
  avoidUntil: number;
}

/** For errors. */
export const us = 'the Eureka registry';

/** So that the clients of a zone do not all ask the same of its servers. */
function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

/** What many calls at once have opened, after an outage, need not stay: one connection to each server is enough. */
const kept = Object.freeze({ keepAlive: true, maxFreeSockets: 1 });
