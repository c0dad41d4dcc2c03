import { refusal } from '../refusal.js';
import type { FieldPlan, ItemPlan, MessagePlan } from './message-plan.js';

/** The error for a value that its field cannot hold. Names class, field and kind; never the value. */
export function misfit(field: FieldPlan, value: unknown): Error {
  const { place, shape } = field;
  const what = described(value);
  if (shape === 'list' && listOf(value) === undefined) return refusal(`${place} is ${what}, not a list`);
  if (shape === 'map' && entriesOf(value) === undefined)
    return refusal(`${place} is ${what}, not an object of entries`);
  return refusal(`${place} is ${what}, not ${wanted(field.item)}`);
}

/** The same of an item of a list, or of a value of a map. */
export function misfitItem({ place, shape, item }: FieldPlan, value: unknown): Error {
  return refusal(
    `${place} holds ${described(value)} as ${shape === 'list' ? 'an item' : 'a value'}, not ${wanted(item)}`,
  );
}

/** The error for a value that is no object at all. */
export function misfitMessage({ name }: MessagePlan, value: unknown): Error {
  return refusal(`a ${name} is wanted, and the value is ${described(value)}`);
}

/** The error for an object of a class of which no field is known. */
export function unknownFields({ name }: MessagePlan): Error {
  return refusal(`no field of ${name} is known, and the value has some: give its fields decorators, as @IsString()`);
}

export function tooDeep(): Error {
  return refusal('the value is nested more than 64 deep, or contains itself, and cannot be written as protobuf');
}

/** The items of a list; undefined for what is none. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return value instanceof Set ? [...value] : undefined;
}

/** The entries of a map, without those that are `undefined`; undefined for what is none. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (value instanceof Map) {
    const entries = [...value].filter(([, one]) => one !== undefined);
    return entries.every(([key]) => typeof key === 'string') ? entries : undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) return undefined;
  return Object.entries(value).filter(([, one]) => one !== undefined);
}

function described(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid date' : 'a date';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}

function wanted(item: ItemPlan): string {
  if (item.kind === 'enum') return 'one of the values that it may have';
  return item.kind === 'message' ? 'an object' : wantedScalars[item.kind];
}

const wantedScalars = Object.freeze({
  string: 'a text',
  boolean: 'a boolean',
  integer: 'a whole number within ±(2^53 − 1)',
  bigint: 'a whole number of 64 bits',
  number: 'a number',
  bytes: 'bytes',
  date: 'a date of the years 1 to 9999',
});
