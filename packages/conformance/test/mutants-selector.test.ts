import { selectorCases, selectorConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { proveCases } from './mutants/prove-cases.js';
import { selectorMutants } from './mutants/selector-mutants.js';
import { selectorFixtures } from './selector-fixture.js';

proveCases('selector', selectorCases, selectorFixtures('p2c'), selectorMutants);

for (const strategy of ['round-robin', 'random', 'other'] as const) {
  selectorConformance(
    { describe: (name, body) => describe(`${name}, ${strategy}`, body), it },
    selectorFixtures(strategy),
  );
}
