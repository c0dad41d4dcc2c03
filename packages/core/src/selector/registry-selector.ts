import {
  type Candidate,
  Clock,
  Logger,
  Meter,
  type Outcome,
  optional,
  type Picker,
  type Provider,
  provide,
  Registry,
  type SelectOptions,
  Selector,
  ServiceError,
  Strategy,
} from '@tenon/contract';
import { silentMeter } from '@tenon/contract/authoring';
import { runOutsideCalls } from '../context/call-context.js';
import { telemetryOf } from '../telemetry/index.js';
import { resolveSelectorOptions, type SelectorOptions } from './selector-options.js';
import { type SelectionParts, ServiceSelection } from './service-selection.js';

/**
 * The default selector: keeps the nodes of every service it was asked for by a registry watch, so that selecting costs
 * no round trip, leaves out nodes that fail, and lets the bound `Strategy` choose.
 *
 * @throws ServiceError `InvalidArgument` for an option out of range, by name and value.
 */
export function registrySelector(options: SelectorOptions = {}): Provider<Selector> {
  const resolved = resolveSelectorOptions(options);
  return provide(
    Selector,
    [Registry, Strategy, Logger, Clock, optional(Meter)],
    (registry, strategy, logger, clock, meter) => {
      const telemetry = telemetryOf(meter ?? silentMeter());
      return new RegistrySelector({ registry, logger, clock, telemetry, options: resolved }, strategy);
    },
  );
}

class RegistrySelector implements Selector {
  readonly #services = new Map<string, ServiceSelection>();
  /** The service that was asked for last, which most calls ask for again. */
  #lastService: string | undefined;
  #lastSelection: ServiceSelection | undefined;
  #closed = false;

  constructor(
    private readonly parts: SelectionParts,
    private readonly strategy: Strategy,
  ) {}

  select(service: string, options: SelectOptions = nothingWanted): Candidate | Promise<Candidate> {
    return this.#selection(service).select(options);
  }

  report(service: string, candidate: Candidate, outcome: Outcome): void {
    this.#known(service)?.report(candidate, outcome);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const selections = [...this.#services.values()];
    this.#services.clear();
    this.#lastService = undefined;
    await Promise.all(selections.map((selection) => selection.close()));
  }

  #selection(service: string): ServiceSelection {
    if (this.#closed)
      throw new ServiceError('FailedPrecondition', 'the selector is closed', { executed: 'no', service });
    let selection = this.#known(service);
    if (selection === undefined) {
      this.#forgetUnknown();
      const picker = this.#picker(service);
      // The watch outlives the call that is the first to need it.
      selection = runOutsideCalls(() => new ServiceSelection(service, this.parts, picker));
      this.#services.set(service, selection);
    }
    return selection;
  }

  #picker(service: string): Picker {
    try {
      return this.strategy.picker(service);
    } catch (error) {
      this.parts.logger.error('a strategy threw', { service, error });
      const why = `the strategy could not begin with "${service}"`;
      throw new ServiceError('Internal', why, { executed: 'no', service, cause: error });
    }
  }

  #known(service: string): ServiceSelection | undefined {
    if (service === this.#lastService) return this.#lastSelection;
    const selection = this.#services.get(service);
    if (selection === undefined) return undefined;
    this.#lastService = service;
    this.#lastSelection = selection;
    return selection;
  }

  /** Names may come from outside, as in a gateway: those that nobody serves must not each keep a watch for good. */
  #forgetUnknown(): void {
    const unknown = [...this.#services].filter(([, selection]) => selection.idle);
    for (const [service, selection] of unknown.slice(0, Math.max(0, unknown.length - maxUnknownServices + 1))) {
      this.#services.delete(service);
      if (service === this.#lastService) this.#lastService = undefined;
      void selection.close();
    }
  }
}

const nothingWanted: SelectOptions = Object.freeze({});

/** How many services without a node are watched; of more, those asked for longest ago are forgotten. */
const maxUnknownServices = 256;
