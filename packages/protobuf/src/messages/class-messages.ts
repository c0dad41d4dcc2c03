import type { DtoClass, Schema } from '@tenon/contract';
import { type DtoType, SchemaReader } from '@tenon/schema';
import type { DescribedClass, DescribedType } from './described-class.js';
import type { MessageShape } from './message-shape.js';
import { refusal } from './refusal.js';
import { shapeMessage } from './shape-message.js';

/** The messages of DTO classes, each class read once. */
export class ClassMessages {
  readonly #reader: SchemaReader;
  readonly #shapes = new Map<DtoClass, MessageShape>();

  /** @param reader - what reads the classes. Default: one of its own. */
  constructor(reader: SchemaReader = new SchemaReader()) {
    this.#reader = reader;
  }

  /**
   * The message of a class.
   *
   * @param place - who has the schema, for the error: `the request of Greeter.Hello`.
   * @throws ServiceError `FailedPrecondition`, naming class, field and mend: a Standard Schema, a class of which no field is
   * known, a field that protobuf cannot express.
   */
  of(schema: Schema, place: string): MessageShape {
    if (typeof schema !== 'function') {
      throw refusal(`${place} is described by a Standard Schema, of which no message can be derived: use a DTO class`);
    }
    const known = this.#shapes.get(schema);
    if (known !== undefined) return known;
    const shape = shapeMessage(this.#describe(schema));
    this.#shapes.set(schema, shape);
    return shape;
  }

  /** The class's message and those of all that it nests, itself first. Throws as {@link ClassMessages.of} does. */
  all(schema: Schema, place: string): ReadonlyMap<DtoClass, MessageShape> {
    const root = this.of(schema, place);
    const found = new Map<DtoClass, MessageShape>([[schema as DtoClass, root]]);
    // Describing one may lead to further ones, which then stand at the end.
    for (const dto of found.keys()) {
      for (const nested of this.#nested(dto)) if (!found.has(nested)) found.set(nested, this.of(nested, nested.name));
    }
    refuseNamesakes(found);
    return found;
  }

  #describe(dto: DtoClass): DescribedClass {
    const { name, fields } = this.#reader.read(dto);
    // Without fields it is an empty message, or it cannot be read and says why.
    if (fields.length === 0) this.#reader.readClass(dto);
    return { name, fields: fields.map((field) => ({ ...field, type: described(field.type) })) };
  }

  #nested(dto: DtoClass): readonly DtoClass[] {
    return this.#reader.read(dto).fields.flatMap(({ type }) => {
      const item = type.kind === 'array' ? type.items : type.kind === 'map' ? type.values : type;
      return item.kind === 'record' ? [item.dto] : [];
    });
  }
}

function described(type: DtoType): DescribedType {
  switch (type.kind) {
    case 'record':
      return { kind: 'record', name: type.dto.name };
    case 'array':
      return { kind: 'array', items: described(type.items) };
    case 'map':
      return { kind: 'map', values: described(type.values) };
    case 'union':
      return { kind: 'union' };
    default:
      return type;
  }
}

/** Two classes of one name would be one message. */
export function refuseNamesakes(messages: ReadonlyMap<unknown, MessageShape>): void {
  const byName = new Map<string, MessageShape>();
  for (const shape of messages.values()) {
    const other = byName.get(shape.name);
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(shape)) {
      throw refusal(`two classes are called ${shape.name}, and a .proto has one message of a name: rename one of them`);
    }
    byName.set(shape.name, shape);
  }
}
