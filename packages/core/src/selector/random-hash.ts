import { type Candidate, type Picker, type Provider, provide, Strategy } from '@tenon/contract';
import { hashes, hashOfKey } from './key-hash.js';

/**
 * Picks by the hash of the call's key: the same key goes to the same node as long as the set of nodes stays. Without a key,
 * by the hash of a random one, so that every node has the same share. Keeps no state.
 *
 * A node that joins or leaves moves nearly all keys; where that matters, `consistentHashStrategy` moves one in so many as there are
 * nodes.
 *
 * Source of the reduction to a position: Lemire, "Fast Random Integer Generation in an Interval" (2019).
 */
export function randomHashStrategy(): Provider<Strategy> {
  return provide(Strategy, [], () => new RandomHashStrategy());
}

class RandomHashStrategy implements Strategy {
  picker(): Picker {
    return { pick, report: () => {} };
  }
}

function pick(candidates: readonly Candidate[], key: string | undefined): Candidate {
  return candidates[Math.floor((hashOfKey(key) * candidates.length) / hashes)] as Candidate;
}
