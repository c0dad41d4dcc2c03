import { type EndpointDescriptor, type Logger, outcomeKind, type Reply, ServiceError } from '@tenon/contract';
import { Breaker, type BreakerState } from '../resilience/breaker.js';
import type { ResolvedBreaker } from '../resilience/breaker-options.js';
import type { Telemetry } from '../telemetry/index.js';

/** The circuit breakers of a client, one for each endpoint that it calls. */
export class Breakers {
  readonly #breakers = new Map<string, Breaker>();

  constructor(
    private readonly options: ResolvedBreaker,
    private readonly telemetry: Telemetry,
    private readonly logger: Logger,
  ) {}

  /**
   * Carries a call unless its breaker is open, which it then says by `Unavailable`, `executed: 'no'`. A stream counts as served
   * once its first message has come.
   *
   * @param now - asks for the time.
   */
  async around(endpoint: EndpointDescriptor, carry: () => Reply | Promise<Reply>, now: () => number): Promise<Reply> {
    const breaker = this.#of(endpoint);
    const refusal = breaker.refusal(endpoint.service, endpoint.name, now());
    if (refusal !== undefined) throw refusal;
    const { changes } = breaker;
    try {
      const reply = await carry();
      breaker.ended('served', now(), changes);
      return reply;
    } catch (thrown) {
      breaker.ended(outcomeKind(ServiceError.from(thrown)), now(), changes);
      throw thrown;
    }
  }

  #of({ service, name }: EndpointDescriptor): Breaker {
    const key = `${service}\0${name}`;
    const found = this.#breakers.get(key);
    if (found !== undefined) return found;
    this.#forgetOldest();
    const made = new Breaker(this.options, (state) => this.#changed(service, name, state));
    this.#breakers.set(key, made);
    return made;
  }

  /** Names may come from outside, as in a gateway: they must not each keep a breaker for good. */
  #forgetOldest(): void {
    if (this.#breakers.size < maxBreakers) return;
    const [oldest] = this.#breakers.keys();
    if (oldest !== undefined) this.#breakers.delete(oldest);
  }

  #changed(service: string, endpoint: string, state: BreakerState): void {
    this.telemetry.breakers.add(1, { service, endpoint, state });
    if (state === 'open') this.logger.warn('a circuit breaker opened: too many calls fail', { service, endpoint });
    else if (state === 'closed') this.logger.info('a circuit breaker closed: calls pass again', { service, endpoint });
    else this.logger.info('a circuit breaker lets one call through', { service, endpoint });
  }
}

const maxBreakers = 1_024;
