import { type Picker, type Provider, provide, Strategy } from '@tenon/contract';

/** Picks any candidate with equal chance. Fair in the long run, and needs no state. */
export function randomStrategy(): Provider<Strategy> {
  return provide(Strategy, [], () => new RandomStrategy());
}

class RandomStrategy implements Strategy {
  picker(): Picker {
    return {
      pick: (candidates) => candidates[Math.floor(Math.random() * candidates.length)] as (typeof candidates)[number],
      report: () => {},
    };
  }
}
