import type { Logger } from '@tenon/contract';
import type { Telemetry } from '../../telemetry/index.js';
import type { NodeHealth } from './node-health.js';

/**
 * Tells once when ejected nodes of a service are used again, and once when they need not be. Calls with different filters
 * have different candidates; a panic is over when those that it began with are well enough.
 */
export class Panic {
  #group: readonly NodeHealth[] | undefined;

  constructor(
    private readonly service: string,
    private readonly panicBelow: number,
    private readonly logger: Logger,
    private readonly telemetry: Pick<Telemetry, 'panics'>,
  ) {}

  /** Whether so few are healthy. With none, ejected ones are all there is, whatever the bound. */
  isNeeded(healthy: number, all: number): boolean {
    return healthy < all && (healthy === 0 || healthy < this.panicBelow * all);
  }

  begin(group: readonly NodeHealth[]): void {
    if (this.#group !== undefined) return;
    this.#group = group;
    this.telemetry.panics.add(1, { service: this.service });
    this.logger.warn('too few nodes of a service are healthy; ejected ones are used again', {
      service: this.service,
      nodes: group.length,
      healthy: group.filter(isHealthy).length,
    });
  }

  /** After a node was ejected, came back or left. */
  changed(): void {
    const left = this.#group?.filter(({ isGone }) => !isGone);
    if (left === undefined || this.isNeeded(left.filter(isHealthy).length, left.length)) return;
    this.#group = undefined;
    this.logger.info('enough nodes of a service are healthy again', { service: this.service });
  }
}

function isHealthy({ ejection }: NodeHealth): boolean {
  return ejection === undefined;
}
