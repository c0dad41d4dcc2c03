import type { DescribedClass, DescribedField, DescribedType } from './described-class.js';
import type { EnumType, EnumValue, FieldShape, FieldType, ItemType, MessageShape } from './message-shape.js';
import { enumValueName, isIdentifier, isMessageName, jsonName, pascalCase, snakeCase } from './proto-names.js';
import { refusal } from './refusal.js';

/**
 * The message of a class.
 *
 * @throws ServiceError `FailedPrecondition` that names class, field and mend, where protobuf cannot express it.
 */
export function shapeMessage({ name, fields }: DescribedClass): MessageShape {
  if (!isMessageName(name) || name in Object.prototype) {
    throw refusal(`the class ${JSON.stringify(name)} cannot be a protobuf message of that name: rename it`);
  }
  const shapes = fields.map((field) => shapeField(name, field));
  for (const [index, shape] of shapes.entries()) {
    const other = shapes.slice(0, index).find((one) => jsonName(one.name) === jsonName(shape.name));
    if (other !== undefined) {
      throw refusal(
        `${name}.${other.property} and ${name}.${shape.property} are both "${shape.name}" in protobuf: rename one of them`,
      );
    }
  }
  refuseSharedNames(name, shapes);
  return Object.freeze({ name, fields: Object.freeze(shapes) });
}

function shapeField(owner: string, { name: property, type, optional, nullable }: DescribedField): FieldShape {
  const place = `${owner}.${property}`;
  const name = snakeCase(property);
  // What every object inherits would be found in every lock.
  if (!isIdentifier(name) || name in Object.prototype) {
    throw refusal(
      `${place} cannot be a protobuf field of that name: rename it, with letters, digits and underscores alone`,
    );
  }
  return Object.freeze({ property, name, type: Object.freeze(shapeType(place, property, type)), optional, nullable });
}

function shapeType(place: string, property: string, type: DescribedType): FieldType {
  switch (type.kind) {
    case 'array':
      return { kind: 'list', items: shapeItem(place, property, type.items, 'a list of') };
    case 'map':
      return { kind: 'map', values: shapeItem(place, property, type.values, 'a map of') };
    default:
      return shapeItem(place, property, type, '');
  }
}

function shapeItem(place: string, property: string, type: DescribedType, within: string): ItemType {
  switch (type.kind) {
    case 'array':
      throw refusal(
        `${place} is ${within} lists, which protobuf does not have: nest a class that holds the inner list`,
      );
    case 'map':
      throw refusal(`${place} is ${within} maps, which protobuf does not have: nest a class that holds the inner map`);
    case 'union':
      throw refusal(
        `${place} holds one of several classes, which no message derived from a class can say: give each class an optional field of its own`,
      );
    case 'any':
      throw refusal(
        `${place} may hold anything as far as its decorators tell${within === '' ? '' : ` (${within} what?)`}, and protobuf needs a type: ${anyMend}`,
      );
    case 'record':
      return Object.freeze({ kind: 'message', name: type.name });
    case 'enum':
      return shapeEnum(place, property, type.values);
    default:
      return Object.freeze({ kind: type.kind });
  }
}

const anyMend = '@IsString(), @IsInt(), @IsNumber(), @IsBoolean(), or @Type(() => TheClass) for an object or its items';

/** Texts are an enum. Numbers stay numbers: of a numeric enum only the values are known, not their names. */
function shapeEnum(place: string, property: string, values: readonly (string | number)[]): ItemType {
  const texts = values.filter((value) => typeof value === 'string');
  if (texts.length === 0) {
    return Object.freeze({ kind: values.every((value) => Number.isSafeInteger(value)) ? 'integer' : 'number' });
  }
  if (texts.length < values.length) {
    throw refusal(`${place} is one of texts and numbers, and a protobuf enum has names alone: use texts, or numbers`);
  }
  const name = pascalCase(property);
  return Object.freeze({
    kind: 'enum',
    name,
    values: Object.freeze(texts.map((text) => enumValue(place, name, text))),
  });
}

function enumValue(place: string, enumName: string, text: string): EnumValue {
  const name = enumValueName(enumName, text);
  if (name !== undefined) return Object.freeze({ text, name });
  throw refusal(
    `${place} may be ${JSON.stringify(text)}, which gives no name of a protobuf enum value: use letters and digits in it`,
  );
}

/** Enums and their values share one room within a message, as in C++. */
function refuseSharedNames(message: string, fields: readonly FieldShape[]): void {
  const taken = new Map<string, string>();
  const take = (name: string, place: string): void => {
    const other = taken.get(name);
    if (other !== undefined) throw refusal(`${other} and ${place} are both ${name} in protobuf: rename one of them`);
    taken.set(name, place);
  };
  for (const { property, type } of fields) {
    const of = enumOf(type);
    if (of === undefined) continue;
    const place = `${message}.${property}`;
    take(of.name, place);
    take(unspecifiedName(of), `${place}, where it is not set,`);
    for (const { name, text } of of.values) take(name, `${place} ${JSON.stringify(text)}`);
  }
}

/** The enum that a field, its items or its values are of. */
export function enumOf(type: FieldType): EnumType | undefined {
  const item = type.kind === 'list' ? type.items : type.kind === 'map' ? type.values : type;
  return item.kind === 'enum' ? item : undefined;
}

/** The value 0 of each enum: what a field has that nobody set. */
export function unspecifiedName({ name }: EnumType): string {
  return `${snakeCase(name).toUpperCase()}_UNSPECIFIED`;
}
