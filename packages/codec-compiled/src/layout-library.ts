import type { Logger, Schema } from '@tenon/contract';
import { compareLayouts, decodeLayout, type Layout, type LayoutDifference } from '@tenon/schema';
import { KnownLayout } from './known-layout.js';
import { misfitOf } from './misfit.js';

/** What a library is made with. */
export interface LibraryParts {
  /** The layout of a schema; undefined for one that has none. */
  readonly layoutOf: (schema: Schema) => Layout | undefined;
  readonly generateCode: boolean;
  readonly logger: Logger;
}

/** Every layout that an application knows: those of its own classes, and some that its peers have told. */
export class LayoutLibrary {
  readonly #parts: LibraryParts;
  readonly #own = new Map<Schema, KnownLayout | undefined>();
  readonly #ownByHash = new Map<string, KnownLayout>();
  /** In order of their last use. */
  readonly #foreign = new Map<string, KnownLayout>();
  readonly #compared = new Map<string, LayoutDifference | undefined>();
  readonly #warned = new Set<string>();
  readonly #misfits = new Set<KnownLayout>();

  constructor(parts: LibraryParts) {
    this.#parts = parts;
  }

  /** The layout of one of the application's own classes. Two classes that are laid out alike share one. */
  own(schema: Schema | undefined): KnownLayout | undefined {
    if (schema === undefined) return undefined;
    if (this.#own.has(schema)) return this.#own.get(schema);
    const layout = this.#parts.layoutOf(schema);
    let known = layout === undefined ? undefined : new KnownLayout(layout, this.#parts.generateCode);
    if (known !== undefined) {
      known = this.#ownByHash.get(known.hash) ?? known;
      this.#ownByHash.set(known.hash, known);
    }
    this.#own.set(schema, known);
    return known;
  }

  /** The layout with that hash, where it is known without being told. */
  withHash(hash: string): KnownLayout | undefined {
    return this.#ownByHash.get(hash) ?? this.#used(hash);
  }

  /**
   * The layout that a peer told.
   *
   * @throws ServiceError `InvalidArgument` where the bytes are none.
   */
  told(buffer: Uint8Array, start: number, end: number): KnownLayout {
    // What a peer told never becomes code.
    const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const told = new KnownLayout(decodeLayout(bytes, start, end), false);
    const known = this.withHash(told.hash);
    if (known !== undefined) return known;
    this.#foreign.set(told.hash, told);
    if (this.#foreign.size > maxForeign) {
      for (const oldest of this.#foreign.keys()) {
        this.#foreign.delete(oldest);
        break;
      }
    }
    return told;
  }

  /** Why values of one layout cannot be taken for values of another; undefined where they can. */
  obstacle(written: KnownLayout, own: KnownLayout): LayoutDifference | undefined {
    if (written === own) return undefined;
    const pair = `${written.hash} ${own.hash}`;
    if (!this.#compared.has(pair)) {
      if (this.#compared.size >= maxForeign) this.#compared.clear();
      this.#compared.set(
        pair,
        compareLayouts(written.layout, own.layout).find(({ readable }) => !readable),
      );
    }
    return this.#compared.get(pair);
  }

  /** A value of a class went plain because it does not fit it: said once for each class, since it is no fault. */
  misfit(known: KnownLayout, schema: Schema | undefined, value: unknown): void {
    if (this.#misfits.has(known)) return;
    this.#misfits.add(known);
    this.#parts.logger.info('a value does not fit its class, and goes by the plain codec, which is slower', {
      class: typeof schema === 'function' ? schema.name : undefined,
      because: reasonOf(known.layout, value),
    });
  }

  /** Says something that slows calls down, once. */
  warn(message: string, fields: Readonly<Record<string, unknown>>): void {
    const warning = `${message} ${JSON.stringify(fields)}`;
    if (this.#warned.has(warning) || this.#warned.size >= maxForeign) return;
    this.#warned.add(warning);
    this.#parts.logger.warn(message, fields);
  }

  #used(hash: string): KnownLayout | undefined {
    const known = this.#foreign.get(hash);
    if (known !== undefined) {
      this.#foreign.delete(hash);
      this.#foreign.set(hash, known);
    }
    return known;
  }
}

function reasonOf(layout: Layout, value: unknown): string {
  try {
    return misfitOf(layout, value) ?? 'it is of a kind that only the plain codec knows';
  } catch {
    return 'it has a getter that throws'; // It was written all the same.
  }
}

/** Layouts of peers that are kept beyond the connection that told them. */
const maxForeign = 256;
