import { type BuildPlan, type DtoClass, ServiceError } from '@tenon/contract';
import { type FieldReading, isAssignable, isDtoClass, SchemaReader, type TypeReading } from '@tenon/schema';
import type { ValidationError } from 'class-validator';
import { compileBuild, type Shape, transformerBuild } from './build-instance.js';
import type { ResolvedOptions } from './class-validator-options.js';
import { type Build, conversionTo } from './convert.js';
import { explainFields, explainUnknown } from './error-tree.js';
import { type Field, makeField } from './field-check.js';
import { generateRead } from './generate-read.js';
import { handOver } from './hand-over.js';
import { makePlan } from './make-plan.js';
import { makeNested, type Nested } from './nested.js';
import type { Read, ReadPlan } from './read-fields.js';
import { compileRead } from './read-instance.js';

/** One DTO class, compiled: how it is built, checked and explained, and the classes that it nests. */
export interface CompiledClass {
  readonly dto: DtoClass;
  /** A fresh instance: its fields are the defaults. */
  readonly sample: object;
  readonly fields: readonly Field[];
  readonly types: TypeReading;
  readonly nested: readonly CompiledClass[];
  /** Why class-validator itself must run this class, or `undefined`. */
  readonly handedOver: { readonly reason: string; readonly asynchronous: boolean } | undefined;
  readonly build: Build;
  /** Both at once for values that are as they should be; `undefined` for any other. */
  readonly read: Read;
  /** How others may do so field by field, if the classes that it nests have plans too. */
  readonly plan: BuildPlan | undefined;
  /** Whether an instance keeps every rule. */
  readonly check: (instance: object) => boolean;
  /** The errors of an instance; none if it keeps every rule. */
  readonly explain: (instance: object) => ValidationError[];
}

/** Compiles DTO classes, each once, and those that they nest with them. */
export class ClassCompiler {
  readonly #options: ResolvedOptions;
  /** What reads the classes, each once. */
  readonly reader = new SchemaReader();
  readonly #compiled = new Map<DtoClass, CompiledClass>();
  /** The unknown keys of instances that were just built, where these are refused. */
  readonly #unknown = new WeakMap<object, readonly string[]>();

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /** The compiled class. Throws `FailedPrecondition` that names class, field and mend for a class that cannot work. */
  compile(dto: DtoClass): CompiledClass {
    const known = this.#compiled.get(dto);
    if (known !== undefined) return known;
    // Entered before it is whole: a class may nest itself, and is then met again while its fields are compiled.
    const compiled = { dto } as CompiledClass;
    this.#compiled.set(dto, compiled);
    try {
      return Object.assign(compiled, this.#compileWhole(dto));
    } catch (error) {
      this.#compiled.clear(); // Some of those that were compiled on the way may refer to the one that cannot be.
      throw error;
    }
  }

  #compileWhole(dto: DtoClass): CompiledClass {
    const reading = this.reader.readClass(dto);
    const { types, sample } = reading;
    const fields = reading.fields.map((field) => this.#compileField(dto, field, types));
    const shape = this.#shapeOf(dto, sample, fields, types);
    const refusing = shape.unknownFields === 'refuse';
    const transforms = types.transformer !== undefined;
    const build = transforms
      ? transformerBuild(dto)
      : compileBuild(shape, (instance, keys) => this.#unknown.set(instance, keys));
    const source = { ...shape, sample, fields, nestedIn: (field: string) => this.#onlyClass(types, field) };
    const nested = [...types.types.values()].flatMap((type) => type.classes ?? []).map((one) => this.compile(one));
    const rulesHold = checkOf(fields);
    const check = refusing ? (instance: object) => !this.#unknown.has(instance) && rulesHold(instance) : rulesHold;
    return {
      dto,
      sample,
      fields,
      types,
      nested,
      handedOver: handOver(reading) ?? uncertain(fields, types),
      build,
      check,
      read: transforms ? readByTransformer(build, check) : this.#compileRead(source),
      plan: transforms ? undefined : makePlan(source),
      explain: (instance) => [
        ...explainUnknown(instance, this.#unknown.get(instance) ?? []),
        ...explainFields(fields, instance),
      ],
    };
  }

  /** Known are the fields with rules, and those with a type where the others are kept too. */
  #shapeOf(dto: DtoClass, sample: object, fields: readonly Field[], types: TypeReading): Shape {
    const unknownFields = fields.length === 0 ? 'keep' : this.#options.unknownFields;
    const typed = unknownFields === 'keep' ? types.types.keys() : [];
    const names = new Set([...fields.map((field) => field.name), ...typed]);
    const conversions = [...names]
      .filter((name) => isAssignable(sample, name))
      .map((name) => [name, conversionTo(types.types.get(name)?.type, (nested) => this.compile(nested))] as const);
    return { dto, conversions: new Map(conversions), unknownFields };
  }

  #compileRead(plan: ReadPlan): Read {
    return (this.#options.generateCode ? generateRead(plan) : undefined) ?? compileRead(plan);
  }

  #onlyClass({ types }: TypeReading, field: string): CompiledClass | undefined {
    const type = types.get(field)?.type;
    return isDtoClass(type) ? this.compile(type) : undefined;
  }

  #compileField(dto: DtoClass, reading: FieldReading, types: TypeReading): Field {
    const nested = reading.nested.length === 0 ? undefined : this.#compileNested(dto, reading.name, types);
    return makeField(reading, nested);
  }

  #compileNested(dto: DtoClass, field: string, types: TypeReading): Nested {
    const type = types.types.get(field);
    const classes = (type?.classes ?? []).map((one) => this.compile(one));
    const chosenPerValue = (type !== undefined && type.classes === undefined) || types.transformed.has(field);
    if (classes.length === 0 && !chosenPerValue && types.known) throw missingType(dto, field);
    const empty = classes.find((one) => this.reader.readClass(one.dto).fields.length === 0);
    if (empty !== undefined && classes.length === 1) throw missingRules(dto, field, empty.dto);
    return makeNested(classes);
  }
}

/** A nested class that only the value tells may have rules that only class-validator can run: it runs the whole. */
function uncertain(fields: readonly Field[], types: TypeReading): CompiledClass['handedOver'] {
  const field = fields.find(
    ({ nested, name }) => nested !== undefined && (types.types.get(name)?.classes ?? []).length === 0,
  );
  if (field === undefined) return undefined;
  return { reason: `${field.name} nests a class that is chosen per value`, asynchronous: true };
}

function readByTransformer(build: Build, check: (instance: object) => boolean): Read {
  return (input) => {
    const instance = build(input);
    return check(instance) ? instance : undefined;
  };
}

function checkOf(fields: readonly Field[]): (instance: object) => boolean {
  const names = fields.map((field) => field.name);
  const checks = fields.map((field) => field.check);
  const count = fields.length;
  return (instance) => {
    const record = instance as Record<string, unknown>;
    for (let index = 0; index < count; index += 1) {
      if (!checks[index]?.(record[names[index] as string], instance)) return false;
    }
    return true;
  };
}

function missingType(dto: DtoClass, field: string): ServiceError {
  return new ServiceError(
    'FailedPrecondition',
    `${dto.name}.${field} has @ValidateNested but no class to make of what comes, so every value would be refused: ` +
      `add @Type(() => TheClass) from class-transformer (if it is there, its class was undefined: look for an import cycle)`,
    { executed: 'no' },
  );
}

function missingRules(dto: DtoClass, field: string, nested: DtoClass): ServiceError {
  return new ServiceError(
    'FailedPrecondition',
    `${dto.name}.${field} nests ${nested.name}, which has no rules, so class-validator would refuse every value: ` +
      `put rules on the fields of ${nested.name} (@Allow() for those that take anything), or drop @ValidateNested`,
    { executed: 'no' },
  );
}
