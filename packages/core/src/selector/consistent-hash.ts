import { type Candidate, type Outcome, type Picker, type Provider, provide, Strategy } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { HashRing } from './hash-ring.js';
import { hashOfKey } from './key-hash.js';

export interface ConsistentHashOptions {
  /**
   * How many times its even share of this client's calls a node may have under way; a key whose node has more goes to the next
   * one on the ring. Range 1 to 100, default 1.25, the ε = 1/4 of the paper. Near 1 keys wander at every moment, far
   * above it a key that everybody asks for overloads its node.
   */
  readonly loadBound?: number;
}

/**
 * Sends the same key to the same node, for what a node keeps of it: a cache, a session, an order. The key is `CallOptions.key`, or
 * the field of the request that the endpoint's `policy.keyField` names; a call without one has a random key. A
 * node that joins or leaves moves about one key in so many as there are nodes. Every client picks alike, in every
 * process, because nothing counts but the ids of the nodes; only the bound on load goes by what each has under way itself.
 *
 * A node that the selector leaves out (ejected, excluded, filtered) gives its keys to the next ones on the ring, and has them back
 * afterwards. A call costs a search by halving; the first one after a change of the set a pass over it, and the first with a
 * new node the ring anew.
 *
 * Sources: Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads" (2016, arXiv:1608.01350): no node has
 * more than ⌈c · m / n⌉ of m calls; Karger et al., "Consistent Hashing and Random Trees" (1997) for the ring.
 *
 * @throws ServiceError `InvalidArgument` for an option out of range, by name and value.
 */
export function consistentHashStrategy(options: ConsistentHashOptions = {}): Provider<Strategy> {
  const loadBound = checkedNumber('consistentHashStrategy.loadBound', options.loadBound, {
    min: 1,
    max: 100,
    fallback: 1.25,
    integer: false,
  });
  return provide(Strategy, [], () => ({ picker: () => new ConsistentHashPicker(loadBound) }));
}

/** A node on the ring. */
interface Owner {
  candidate: Candidate;
  /** The last list that it was in, by number. */
  list: number;
  underWay: number;
}

class ConsistentHashPicker implements Picker {
  readonly #loadBound: number;
  #known = new Map<string, Owner>();
  /** In the order of the ring's indexes. */
  #owners: readonly Owner[] = [];
  #ring = new HashRing([]);
  /** The list of the last pick, its number, and how many calls its nodes have under way. */
  #candidates: readonly Candidate[] | undefined;
  #list = 0;
  #underWay = 0;
  /** The first list after the ring was made. */
  #firstList = 0;

  constructor(loadBound: number) {
    this.#loadBound = loadBound;
  }

  pick(candidates: readonly Candidate[], key: string | undefined): Candidate {
    if (candidates !== this.#candidates) this.#take(candidates);
    const owner = this.#ownerFor(hashOfKey(key), candidates.length);
    owner.underWay += 1;
    this.#underWay += 1;
    return owner.candidate;
  }

  report(candidate: Candidate, _outcome: Outcome): void {
    const owner = this.#known.get(candidate.node.id);
    if (owner === undefined || owner.underWay === 0) return;
    owner.underWay -= 1;
    if (owner.list === this.#list) this.#underWay -= 1;
  }

  /** The first on the ring that is a candidate and has room. There is one: all together may hold more than is under way. */
  #ownerFor(hash: number, candidates: number): Owner {
    const capacity = Math.ceil((this.#loadBound * (this.#underWay + 1)) / candidates);
    const ring = this.#ring;
    let position = ring.positionOf(hash);
    for (;;) {
      const owner = this.#owners[ring.ownerAt(position)] as Owner;
      if (owner.list === this.#list && owner.underWay < capacity) return owner;
      position = position + 1 === ring.size ? 0 : position + 1;
    }
  }

  /** Marks who is in a list. The others keep their places: walking past them is the same as their not being there. */
  #take(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
    this.#list += 1;
    this.#underWay = 0;
    let isNew = false;
    for (const candidate of candidates) {
      const owner = this.#known.get(candidate.node.id);
      if (owner === undefined) {
        this.#known.set(candidate.node.id, { candidate, list: this.#list, underWay: 0 });
        isNew = true;
        continue;
      }
      owner.candidate = candidate;
      owner.list = this.#list;
      this.#underWay += owner.underWay;
    }
    if (isNew) this.#placeAnew();
  }

  /** Drops those that were in no list since the last time, which is what becomes of nodes that are gone. */
  #placeAnew(): void {
    const left = [...this.#known].filter(([, { list, underWay }]) => list >= this.#firstList || underWay > 0);
    left.sort(([one], [other]) => (one < other ? -1 : 1));
    this.#known = new Map(left);
    this.#owners = left.map(([, owner]) => owner);
    this.#ring = new HashRing(left.map(([id]) => id));
    this.#firstList = this.#list;
  }
}
