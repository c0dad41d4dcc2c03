import { type Candidate, type Picker, type Provider, provide, Strategy } from '@tenon/contract';

/**
 * Picks the candidates in turn, across calls: after n calls to n nodes each had one. Nodes that join take their place
 * in the order of their ids.
 */
export function roundRobinStrategy(): Provider<Strategy> {
  return provide(Strategy, [], () => new RoundRobinStrategy());
}

class RoundRobinStrategy implements Strategy {
  picker(): Picker {
    return new RoundRobinPicker();
  }
}

/**
 * Remembers whom it picked last, not a position: a changing or filtered set then never skips or favours a node, because
 * the next one is the first id after the last picked.
 */
class RoundRobinPicker implements Picker {
  #last: string | undefined;

  pick(candidates: readonly Candidate[]): Candidate {
    const last = this.#last;
    let first: Candidate | undefined;
    let next: Candidate | undefined;
    for (const candidate of candidates) {
      const id = candidate.node.id;
      if (first === undefined || id < first.node.id) first = candidate;
      if (last !== undefined && id > last && (next === undefined || id < next.node.id)) next = candidate;
    }
    const picked = (next ?? first) as Candidate;
    this.#last = picked.node.id;
    return picked;
  }

  report(): void {}
}
