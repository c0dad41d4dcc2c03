import { type DtoClass, ServiceError } from '@tenon/contract';
import { fieldsOf } from './class-fields.js';
import { type ClassReading, readClass } from './class-reading.js';
import type { DtoField, DtoSchema } from './dto-schema.js';
import { layOut } from './layout-builder.js';
import { findTransformerStorage, type TransformerStorage } from './transformer-storage.js';

/**
 * Reads DTO classes, each once: what it gives for a class is the same object the next time. Classes are read when they are
 * first asked for, so their decorators must have run by then.
 */
export class SchemaReader {
  readonly #storage: TransformerStorage | undefined = findTransformerStorage();
  readonly #readings = new WeakMap<DtoClass, ClassReading>();
  readonly #fields = new WeakMap<DtoClass, readonly DtoField[]>();
  readonly #schemas = new WeakMap<DtoClass, DtoSchema>();

  /** What a class says about its values. Never throws: what cannot be read is an obstacle and no layout. */
  read(dto: DtoClass): DtoSchema {
    const known = this.#schemas.get(dto);
    if (known !== undefined) return known;
    const schema = this.#readOnce(dto);
    this.#schemas.set(dto, schema);
    return schema;
  }

  /**
   * All that the decorators of a class say, for whoever works by them: a validator. Throws `FailedPrecondition`, naming
   * class, field and mend, for a class that nothing can be made of, and what the class's own `@Type` functions throw.
   */
  readClass(dto: DtoClass): ClassReading {
    const known = this.#readings.get(dto);
    if (known !== undefined) return known;
    const reading = readClass(dto, this.#storage);
    this.#readings.set(dto, reading);
    return reading;
  }

  #readOnce(dto: DtoClass): DtoSchema {
    try {
      const fields = this.#fieldsOf(dto);
      return Object.freeze({ dto, name: dto.name, fields, ...layOut(dto, (nested) => this.#fieldsIfReadable(nested)) });
    } catch (error) {
      const obstacles = Object.freeze([obstacleOf(dto, error)]);
      return Object.freeze({ dto, name: dto.name, fields: Object.freeze([]), layout: undefined, obstacles });
    }
  }

  #fieldsOf(dto: DtoClass): readonly DtoField[] {
    const known = this.#fields.get(dto);
    if (known !== undefined) return known;
    const fields = fieldsOf(this.readClass(dto), (noted) => this.#isDescribed(noted));
    this.#fields.set(dto, fields);
    return fields;
  }

  /** A class that cannot be read may still be nested: its values are then carried with their names and types. */
  #fieldsIfReadable(dto: DtoClass): readonly DtoField[] | undefined {
    try {
      return this.#fieldsOf(dto);
    } catch {
      return undefined;
    }
  }

  #isDescribed(dto: DtoClass): boolean {
    try {
      const { fields, types } = this.readClass(dto);
      return fields.length + types.types.size + types.transformed.size + types.renamed.size > 0;
    } catch {
      return false;
    }
  }
}

/** The schema of one class, read for this once. Whoever reads several keeps a {@link SchemaReader}. */
export function schemaOf(dto: DtoClass): DtoSchema {
  return new SchemaReader().read(dto);
}

function obstacleOf(dto: DtoClass, error: unknown): string {
  if (error instanceof ServiceError) return error.rawMessage;
  return `${dto.name} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
