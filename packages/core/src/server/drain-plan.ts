import { type Provider, provide, ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/**
 * The moments of leaving at which an app may do something of its own. `notReady`: health says so, and calls still come.
 * `deregistered`: the registry does not name the node any more. `peersTold`: connected peers were told to go elsewhere,
 * subscriptions take nothing new, new calls are refused. `finished`: what was in hand has ended.
 */
export type DrainMoment = 'notReady' | 'deregistered' | 'peersTold' | 'finished';

export const drainMoments: readonly DrainMoment[] = Object.freeze([
  'notReady',
  'deregistered',
  'peersTold',
  'finished',
]);

/** What an app does at a moment of leaving. The signal is aborted when its time is over, or that of the drain. */
export type DrainHook = (signal: AbortSignal) => unknown;

/** How long leaving may take, besides what is in hand. */
export interface DrainOptions {
  /**
   * How long to go on as before between `notReady` and leaving the registry, for load balancers that ask `/health/ready` and
   * need a while to notice. Range 0 to 3,600,000 ms, default 0.
   */
  readonly drainDelayMs?: number | undefined;
}

/** How an app's server leaves: its times, and the hooks that the app's classes have added. */
export class DrainPlan {
  readonly delayMs: number;
  readonly #hooks = new Map<DrainMoment, NamedHook[]>();

  constructor({ drainDelayMs }: DrainOptions) {
    this.delayMs = checkedNumber('drainDelayMs', drainDelayMs, { min: 0, max: 3_600_000, fallback: 0 });
  }

  /**
   * @param name - for logs: `Orders.flush`.
   * @throws ServiceError `InvalidArgument` for a moment that does not exist.
   */
  add(moment: DrainMoment, name: string, run: DrainHook): void {
    if (!drainMoments.includes(moment)) {
      const text = `${name}: there is no moment ${JSON.stringify(moment)} of a drain; there are ${drainMoments.join(', ')}`;
      throw new ServiceError('InvalidArgument', text, { executed: 'no' });
    }
    this.#hooks.set(moment, [...this.hooksAt(moment), { name, run }]);
  }

  hooksAt(moment: DrainMoment): readonly NamedHook[] {
    return this.#hooks.get(moment) ?? [];
  }
}

/** A hook with its name for logs. */
export interface NamedHook {
  readonly name: string;
  readonly run: DrainHook;
}

/** The plan that an app and its server share. */
export function drainPlan(options: DrainOptions = {}): Provider<DrainPlan> {
  return provide(DrainPlan, [], () => new DrainPlan(options));
}
