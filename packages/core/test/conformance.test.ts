import { selectorConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { selectorFixtures } from './selector-fixture.js';

for (const strategy of ['round-robin', 'random', 'p2c'] as const) {
  describe(strategy, () => selectorConformance({ describe, it }, selectorFixtures(strategy)));
}
