import { performance } from 'node:perf_hooks';
import type { Registry } from 'tenon';
import type { SeenSet } from './orders.js';

/** What a watch of the target is told, each with its time. */
export class SeenSets {
  readonly all: SeenSet[] = [];

  /** Until the registry is closed. */
  async follow(registry: Registry): Promise<void> {
    for await (const event of registry.watch('target')) {
      const atEpochMs = performance.timeOrigin + performance.now();
      if (event.kind === 'error') {
        this.all.push({ atEpochMs, error: event.error.message });
        continue;
      }
      const nodes = event.records.flatMap((record) => record.nodes);
      this.all.push({ atEpochMs, addresses: nodes.map(({ address }) => address).sort() });
    }
  }
}
