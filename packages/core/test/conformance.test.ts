import { selectorConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { selectorFixtures, strategyNames } from './selector-fixture.js';

for (const strategy of strategyNames) {
  describe(strategy, () => selectorConformance({ describe, it }, selectorFixtures(strategy)));
}
