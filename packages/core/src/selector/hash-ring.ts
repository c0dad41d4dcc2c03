import { hashOf, mixed } from './key-hash.js';

/**
 * Places on a circle of hashes, many for each owner: a key belongs to the owner of the first place at or after its own hash.
 * An owner that comes or goes takes or leaves its own arcs and moves nothing else.
 *
 * Source: Karger et al., "Consistent Hashing and Random Trees" (STOC 1997).
 */
export class HashRing {
  readonly #places: Uint32Array;
  readonly #owners: Uint32Array;

  /** @param ids - sorted, so that everybody settles a collision alike. An owner is known by its index here. */
  constructor(ids: readonly string[]) {
    const places = new Uint32Array(ids.length * placesPerOwner);
    const owners = new Uint32Array(places.length);
    let next = 0;
    for (let owner = 0; owner < ids.length; owner += 1) {
      const base = hashOf(ids[owner] as string);
      for (let place = 1; place <= placesPerOwner; place += 1) {
        places[next] = mixed(base ^ mixed(place));
        owners[next] = owner;
        next += 1;
      }
    }
    [this.#places, this.#owners] = sorted(places, owners);
  }

  /** How many places there are. */
  get size(): number {
    return this.#places.length;
  }

  /** The position of the first place at or after a hash, around the circle. By halving: as many steps as the size has bits. */
  positionOf(hash: number): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    return low === this.#places.length ? 0 : low;
  }

  /** The index of the owner of a position. */
  ownerAt(position: number): number {
    return this.#owners[position] as number;
  }
}

/**
 * Places for each owner. The shares of the owners differ by one part in the square root of it, 1/20: the largest of a hundred has
 * about 1.13 of an even share.
 */
const placesPerOwner = 400;

/**
 * Both in the order of the places, equal ones in the order that they had: by digits of 11 bits, the lowest first (LSD radix sort), because
 * a new node of a thousand must not hold up the calls that wait meanwhile.
 */
function sorted(places: Uint32Array, owners: Uint32Array): readonly [Uint32Array, Uint32Array] {
  let from: readonly [Uint32Array, Uint32Array] = [places, owners];
  let to: typeof from = [new Uint32Array(places.length), new Uint32Array(places.length)];
  for (const shift of [0, 11, 22]) {
    const starts = new Uint32Array(2 ** 11 + 1);
    for (const place of from[0]) count(starts, digitOf(place, shift) + 1, 1);
    for (let digit = 1; digit < starts.length; digit += 1) count(starts, digit, starts[digit - 1] as number);
    for (let index = 0; index < places.length; index += 1) {
      const place = from[0][index] as number;
      const digit = digitOf(place, shift);
      const position = starts[digit] as number;
      to[0][position] = place;
      to[1][position] = from[1][index] as number;
      starts[digit] = position + 1;
    }
    [from, to] = [to, from];
  }
  return from;
}

function digitOf(place: number, shift: number): number {
  return (place >>> shift) & (2 ** 11 - 1);
}

function count(counts: Uint32Array, index: number, more: number): void {
  counts[index] = (counts[index] as number) + more;
}
