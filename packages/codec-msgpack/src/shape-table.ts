import { EncodedKey } from './encoded-key.js';
import type { RecordCode } from './record-code.js';
import type { RecordCodes } from './record-codes.js';
import { structureLimits } from './structure-limits.js';

/** The names that many records have, in this order. */
export interface Shape {
  /** From 0 on, in the order in which the shapes were found. */
  readonly number: number;
  readonly names: readonly string[];
  /** Each name as it stands in a message, its header before it. */
  readonly keys: readonly EncodedKey[];
  readonly code: RecordCode;
  /** The shape of the record that came after one of this shape: messages repeat themselves. */
  following: Shape | undefined;
}

/**
 * The shapes of the records that an encoder meets.
 *
 * A list of names becomes a shape when it is met a second time. Lists that were met once wait in a few places, from which
 * newer ones push them out: so records that are used as dictionaries, with names that are ever new, neither fill the
 * table nor the memory.
 */
export class ShapeTable {
  readonly #codes: RecordCodes;
  readonly #maxShapes: number;
  readonly #shapes: Shape[] = [];
  readonly #byFirstName = new Map<string, Shape[]>();
  readonly #metOnce: (readonly string[] | undefined)[] = [];
  #predicted: Shape | undefined;
  #last: Shape | undefined;

  constructor(codes: RecordCodes, maxShapes: number) {
    this.#codes = codes;
    this.#maxShapes = maxShapes;
  }

  get size(): number {
    return this.#shapes.length;
  }

  /** The shapes from a number on, in order. */
  from(number: number): readonly Shape[] {
    return this.#shapes.slice(number);
  }

  /**
   * The shape of a record that is the next to be written; undefined for one that has none.
   *
   * @param plain - whether all that it inherits is what every object inherits.
   */
  shapeOf(record: object, plain: boolean): Shape | undefined {
    const predicted = this.#predicted;
    if (plain && predicted?.code.matches(record)) {
      this.#last = predicted;
      this.#predicted = predicted.following;
      return predicted;
    }
    const names = Object.keys(record);
    if (names.length === 0 || names.length > structureLimits.maxNames) return undefined;
    const isPredicted = predicted !== undefined && isSame(predicted.names, names);
    const shape = isPredicted ? predicted : (this.#known(names) ?? this.#metTwice(names));
    if (shape === undefined) return undefined;
    if (this.#last !== undefined) this.#last.following = shape;
    this.#last = shape;
    this.#predicted = shape.following;
    return shape;
  }

  #known(names: readonly string[]): Shape | undefined {
    const shapes = this.#byFirstName.get(names[0] as string);
    if (shapes === undefined) return undefined;
    for (const shape of shapes) if (isSame(shape.names, names)) return shape;
    return undefined;
  }

  #metTwice(names: readonly string[]): Shape | undefined {
    if (this.#shapes.length === this.#maxShapes) return undefined;
    const place = placeOf(names);
    const before = this.#metOnce[place];
    if (before !== undefined && isSame(before, names)) {
      this.#metOnce[place] = undefined;
      return this.#add(names);
    }
    if (canBeShape(names)) this.#metOnce[place] = names;
    return undefined;
  }

  #add(names: readonly string[]): Shape {
    const shape: Shape = {
      number: this.#shapes.length,
      names,
      keys: names.map((name) => new EncodedKey(name)),
      code: this.#codes.of(names),
      following: undefined,
    };
    this.#shapes.push(shape);
    const first = names[0] as string;
    const others = this.#byFirstName.get(first);
    if (others === undefined) this.#byFirstName.set(first, [shape]);
    else others.push(shape);
    return shape;
  }
}

function isSame(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false;
  for (let index = 0; index < names.length; index += 1) if (names[index] !== others[index]) return false;
  return true;
}

/** Lists that differ in length or in a name at either end mostly have places of their own. */
function placeOf(names: readonly string[]): number {
  const first = names[0] as string;
  const last = names[names.length - 1] as string;
  const hash =
    names.length * 31 + first.length * 7 + (last.length << 3) + (first.charCodeAt(0) | 0) + last.charCodeAt(0) * 5;
  return (hash | 0) & (placesForMetOnce - 1);
}

/**
 * Whether a peer takes these names as a structure. A name that is no Unicode reads as another one, so that two of them
 * could read as the same.
 */
function canBeShape(names: readonly string[]): boolean {
  let bytes = 0;
  for (const name of names) {
    bytes += Buffer.byteLength(name);
    if (bytes > structureLimits.maxNameBytes || name === '__proto__' || loneSurrogate.test(name)) return false;
  }
  return true;
}

const loneSurrogate = /\p{Surrogate}/u;
/** A power of two. */
const placesForMetOnce = 32;
