import type { FixtureFactory, SelectorFixture } from '@tenon/conformance';
import type { Selector } from '@tenon/contract';
import { firstOnly, p2c, randomPicker, roundRobin } from './reference-pickers.js';
import { type Pickers, ReferenceSelector } from './reference-selector.js';

/** A part of a fixture replaced by a broken one. */
export type BreakSelector = (good: ReferenceSelector) => Partial<Selector> & {
  readonly update?: ReferenceSelector['update'];
  readonly loseRegistry?: () => void;
};

/** What a fixture is made of, beside the strategy. */
export interface SelectorParts {
  readonly pickers?: (now: () => number) => Pickers;
  readonly broken?: BreakSelector;
}

/** A reference selector on a clock that is moved by hand. */
export function selectorFixtures(
  strategy: SelectorFixture['strategy'],
  parts: SelectorParts = {},
): FixtureFactory<SelectorFixture> {
  return {
    create() {
      let time = 0;
      const now = () => time;
      const pickers = parts.pickers?.(now) ?? (() => pickerOf(strategy, now));
      const good = new ReferenceSelector(pickers);
      const broken = parts.broken?.(good) ?? {};
      return {
        selector: {
          select: broken.select ?? ((service, options) => good.select(service, options)),
          report: broken.report ?? ((service, candidate, outcome) => good.report(service, candidate, outcome)),
          close: broken.close ?? (() => good.close()),
        },
        strategy,
        setNodes: (service, records) => (broken.update ?? good.update.bind(good))(service, records),
        loseRegistry: () => broken.loseRegistry?.(),
        passTime: (ms) => {
          time += ms;
        },
        dispose: () => good.close(),
      };
    },
  };
}

function pickerOf(strategy: SelectorFixture['strategy'], now: () => number) {
  switch (strategy) {
    case 'round-robin':
      return roundRobin();
    case 'random':
      return randomPicker();
    case 'p2c':
      return p2c(now);
    case 'other':
      return firstOnly();
  }
}
