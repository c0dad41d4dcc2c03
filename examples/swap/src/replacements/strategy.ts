import { type Candidate, provide, Strategy } from 'tenon';
import type { Replacement } from '../replacement.js';

/** A strategy that always takes the first node. */
export const strategy: Replacement = (seen) =>
  provide(Strategy, [], () => ({
    picker: (service) => ({
      pick(candidates) {
        seen.push(`first of ${candidates.length} for ${service}`);
        return candidates[0] as Candidate;
      },
      report: () => {},
    }),
  }));
