import {
  type AppOptions,
  anything,
  Client,
  Clock,
  callContext,
  Endpoint,
  Injectable,
  Interceptor,
  provide,
  Service,
  ServiceError,
} from 'tenon';
import type { FeltCancel } from './target-state.js';

/** One service of a chain, each in an app of its own. */
export interface HopPlace {
  /** The service's name. */
  readonly name: string;
  /** Whom it asks. Absent: it is the last. */
  readonly next?: string;
}

/** How a hop treats every call, until told otherwise. */
export interface HopSettings {
  /** It works so long before it asks the next one: anything between the two, at random. Default 0. */
  readonly leastWorkMs?: number;
  readonly mostWorkMs?: number;
  /** This share of calls fails, before the next one is asked. Default 0. */
  readonly failShare?: number;
}

/** A call that a hop took in hand. */
export interface HopBegan {
  readonly id: string;
  /** In milliseconds since 1970, with fractions. */
  readonly atEpochMs: number;
  /** How much of the call's time was left, as the hop knew it; negative where it was over. */
  readonly leftMs: number;
}

export interface HopReport {
  /** Calls that arrived, repeated ones each time, whatever became of them. */
  readonly arrivals: number;
  readonly began: readonly HopBegan[];
  /** Calls that were cancelled, or out of time, while it worked or waited for the next one. */
  readonly felt: readonly FeltCancel[];
}

export interface HopCall {
  readonly id: string;
}

/** What one hop does, and what it has seen. */
@Injectable()
export class HopState {
  settings: HopSettings = {};
  #arrivals = 0;
  readonly #began: HopBegan[] = [];
  readonly #felt: FeltCancel[] = [];

  arrived(): void {
    this.#arrivals += 1;
  }

  /** Works as long as the settings say. Rejects when the call ends before that. */
  async work(id: string, clock: Clock): Promise<void> {
    const { deadline, signal } = callContext();
    const leftMs = deadline - clock.now();
    const { leastWorkMs = 0, mostWorkMs = leastWorkMs, failShare = 0 } = this.settings;
    this.#began.push({ id, atEpochMs: epochNow(), leftMs });
    signal.addEventListener('abort', () => this.#felt.push({ id, atEpochMs: epochNow() }));
    if (mostWorkMs > 0) await pause(leastWorkMs + Math.random() * (mostWorkMs - leastWorkMs), signal);
    if (failShare > 0 && Math.random() < failShare) {
      throw new ServiceError('Unavailable', 'the row wants it so', { executed: 'no' });
    }
  }

  report(): HopReport {
    return { arrivals: this.#arrivals, began: this.#began, felt: this.#felt };
  }
}

/** What the app of a hop is made with. */
export function hopOptions({ name, next }: HopPlace, state: HopState): Pick<AppOptions, 'services' | 'modules'> {
  @Service(name, { as: 'Hop' })
  class Hop {
    constructor(
      private readonly state: HopState,
      private readonly client: Client,
      private readonly clock: Clock,
    ) {}

    @Endpoint({ request: anything, idempotent: true })
    async go({ id }: HopCall): Promise<unknown> {
      await this.state.work(id, this.clock);
      if (next === undefined) return { last: name };
      return (await this.client.unary(hopEndpoint(next), { id })).value;
    }
  }
  const counter: Interceptor = {
    name: 'count-arrivals',
    places: ['early'],
    intercept: (call, proceed) => {
      state.arrived();
      return proceed(call);
    },
  };
  return { services: [Hop], modules: [provide(HopState, [], () => state), provide(Interceptor, [], () => counter)] };
}

/** How the one endpoint of a hop is called. */
export function hopEndpoint(service: string) {
  return { service, name: 'Hop.Go', kind: 'unary', idempotent: true } as const;
}

/** Comparable between the processes of a machine. */
export function epochNow(): number {
  return performance.timeOrigin + performance.now();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const given = (): void => {
      clearTimeout(timer);
      reject(ServiceError.from(signal.reason));
    };
    signal.addEventListener('abort', given, { once: true });
  });
}
