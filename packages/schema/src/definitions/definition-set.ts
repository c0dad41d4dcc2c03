import type { JsonSchema } from '@tenon/contract';
import { ofPlace, type PlacedSchema, sameSchema } from './same-schema.js';
import { isExcessive, SchemaSource } from './schema-source.js';
import { isObject, mapSubschemas, type Subschema } from './subschemas.js';

/** How definitions are named and referred to, which is the affair of the document that they are for. */
export interface DefinitionNames {
  /** The name of a class as the document allows it. What it gives is not empty; two names may become one. */
  readonly nameOf: (className: string) => string;
  /** What stands in `$ref`: `#/components/schemas/NAME`. */
  readonly referTo: (name: string) => string;
  /** Names that no class may have. Default none. */
  readonly taken?: Iterable<string> | undefined;
}

/**
 * The schemas of many endpoints, taken apart for one document: each class once, under a name of its own, and references in place of
 * what was nested. Classes that say the same under one name are one; a second class of a name that says something else gets a
 * number, in the order in which they were added.
 */
export class DefinitionSet {
  readonly #names: DefinitionNames;
  readonly #taken: ReadonlySet<string>;
  readonly #placed = new Map<string, PlacedSchema>();
  readonly #nameOf = new Map<JsonSchema, string>();
  readonly #definitions = new Map<string, JsonSchema>();
  readonly #gaps: string[] = [];

  constructor(names: DefinitionNames) {
    this.#names = names;
    this.#taken = new Set(names.taken);
  }

  /** Each class by its name, in the order in which they were met. Its references are those of the document. */
  get definitions(): ReadonlyMap<string, JsonSchema> {
    return this.#definitions;
  }

  /** What could not be expressed and counts as "anything", a sentence each. */
  get gaps(): readonly string[] {
    return this.#gaps;
  }

  /**
   * Adds the schema of a request or a reply, and gives what stands for it: a reference where it is a class, else the schema itself.
   *
   * @param schema - JSON Schema, which may be somebody else's: what is none counts as anything.
   * @param hint - what it is called where it does not say.
   */
  add(schema: unknown, hint: string): JsonSchema {
    if (typeof schema === 'boolean') return plain(schema);
    if (!isObject(schema) || isExcessive(schema)) return this.#gap(`the schema of ${hint} is none that could be read`);
    const source = new SchemaSource(schema, hint);
    const isClass = schema.title !== undefined || isObject(schema['properties']);
    return isClass ? this.#refer(schema, source, '#') : this.#inDocument(schema, source);
  }

  #refer(schema: JsonSchema, source: SchemaSource, reference: string): JsonSchema {
    let name = this.#nameOf.get(schema);
    if (name === undefined) {
      name = this.#freeName({ schema, source }, this.#names.nameOf(source.nameOf(schema, reference)));
      this.#nameOf.set(schema, name);
      if (!this.#placed.has(name)) {
        this.#placed.set(name, { schema, source });
        // Its place in the order is before what it nests, which may lead back to it.
        this.#definitions.set(name, {});
        this.#definitions.set(name, this.#inDocument(schema, source));
      }
    }
    return { $ref: this.#names.referTo(name) };
  }

  /** The name itself, or with the first number under which there is nothing, or the same. */
  #freeName(placed: PlacedSchema, wanted: string): string {
    for (let number = 1; ; number += 1) {
      const name = number === 1 ? wanted : `${wanted}${number}`;
      const there = this.#placed.get(name);
      if (there === undefined ? !this.#taken.has(name) : sameSchema(placed, there)) return name;
    }
  }

  #inDocument(schema: JsonSchema, source: SchemaSource): JsonSchema {
    const { $ref: reference, ...rest } = Object.fromEntries(
      Object.entries(schema).filter(([keyword]) => !ofPlace.has(keyword) && keyword !== '$dynamicRef'),
    );
    const within = (inner: Subschema): Subschema =>
      typeof inner === 'boolean' ? inner : this.#inDocument(inner, source);
    const mapped = mapSubschemas(rest, within);
    if (typeof schema['$dynamicRef'] === 'string')
      return { ...mapped, ...this.#nowhere(schema['$dynamicRef'], source) };
    if (typeof reference !== 'string') return mapped;
    const target = source.find(reference);
    const found = target === undefined ? this.#nowhere(reference, source) : this.#refer(target, source, reference);
    return { ...mapped, ...found };
  }

  #nowhere(reference: string, { hint }: SchemaSource): JsonSchema {
    return this.#gap(
      `the reference ${JSON.stringify(reference)} in the schema of ${hint} leads nowhere that can be followed`,
    );
  }

  #gap(sentence: string): JsonSchema {
    if (!this.#gaps.includes(sentence)) this.#gaps.push(sentence);
    return { description: `Anything: ${sentence}.` };
  }
}

function plain(schema: boolean): JsonSchema {
  return schema ? {} : { not: {} };
}
