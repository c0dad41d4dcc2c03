import {
  type Candidate,
  Logger,
  type Outcome,
  type Provider,
  provide,
  Registry,
  type SelectOptions,
  Selector,
  ServiceError,
  Strategy,
} from '@tenon/contract';
import { runOutsideCalls } from '../context/call-context.js';
import { ServiceNodes } from './service-nodes.js';

/**
 * The default selector: keeps the nodes of every service it was asked for by a registry watch, so that selecting costs
 * no round trip, and lets the bound `Strategy` choose.
 */
export function registrySelector(): Provider<Selector> {
  return provide(
    Selector,
    [Registry, Strategy, Logger],
    (registry, strategy, logger) => new RegistrySelector(registry, strategy, logger),
  );
}

class RegistrySelector implements Selector {
  readonly #services = new Map<string, ServiceNodes>();
  /** The service that was asked for last, which most calls ask for again. */
  #lastService: string | undefined;
  #lastNodes: ServiceNodes | undefined;
  #closed = false;

  constructor(
    private readonly registry: Registry,
    private readonly strategy: Strategy,
    private readonly logger: Logger,
  ) {}

  select(service: string, options: SelectOptions = {}): Candidate | Promise<Candidate> {
    const nodes = this.#nodes(service);
    const known = nodes.candidates;
    if (known !== undefined) return pick(service, nodes, known, options);
    return nodes.first(options.signal).then((candidates) => pick(service, nodes, candidates, options));
  }

  report(service: string, candidate: Candidate, outcome: Outcome): void {
    this.#known(service)?.picker.report(candidate, outcome);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const services = [...this.#services.values()];
    this.#services.clear();
    this.#lastService = undefined;
    await Promise.all(services.map((nodes) => nodes.close()));
  }

  #nodes(service: string): ServiceNodes {
    if (this.#closed)
      throw new ServiceError('FailedPrecondition', 'the selector is closed', { executed: 'no', service });
    let nodes = this.#known(service);
    if (nodes === undefined) {
      this.#forgetUnknown();
      // The watch outlives the call that is the first to need it.
      nodes = runOutsideCalls(
        () => new ServiceNodes(service, this.registry, this.strategy.picker(service), this.logger),
      );
      this.#services.set(service, nodes);
    }
    return nodes;
  }

  #known(service: string): ServiceNodes | undefined {
    if (service === this.#lastService) return this.#lastNodes;
    const nodes = this.#services.get(service);
    if (nodes === undefined) return undefined;
    this.#lastService = service;
    this.#lastNodes = nodes;
    return nodes;
  }

  /** Names may come from outside, as in a gateway: those that nobody serves must not each keep a watch for good. */
  #forgetUnknown(): void {
    const unknown = [...this.#services].filter(([, nodes]) => nodes.idle);
    for (const [service, nodes] of unknown.slice(0, Math.max(0, unknown.length - maxUnknownServices + 1))) {
      this.#services.delete(service);
      if (service === this.#lastService) this.#lastService = undefined;
      void nodes.close();
    }
  }
}

/** How many services without a node are watched; of more, those asked for longest ago are forgotten. */
const maxUnknownServices = 256;

function pick(
  service: string,
  nodes: ServiceNodes,
  known: readonly Candidate[],
  { filters, exclude, key }: SelectOptions,
): Candidate {
  if (known.length === 0) throw noneLeft(service, 'no node of it is registered');
  let left = known;
  if (filters !== undefined) for (const filter of filters) left = filter(left);
  if (left.length === 0) throw noneLeft(service, `the filters leave none of its ${known.length} nodes`);
  if (exclude !== undefined && exclude.size > 0) {
    left = left.filter((candidate) => !exclude.has(candidate.node.id));
    if (left.length === 0) throw noneLeft(service, 'all that are left are excluded, because they failed this call');
  }
  return nodes.picker.pick(left, key);
}

function noneLeft(service: string, why: string): ServiceError {
  return new ServiceError('Unavailable', `no node of "${service}": ${why}`, { executed: 'no', service });
}
