import 'reflect-metadata';
import { Type } from 'class-transformer';
import * as cv from 'class-validator';
import { describe, expect, it } from 'vitest';
import { SchemaReader } from './schema-reader.js';

describe('a reader', () => {
  it('reads a class once, and gives what nobody can change', () => {
    const reader = new SchemaReader();
    class Tags {
      @cv.IsIn(['a', 'b'], { each: true }) tags!: string[];
    }
    const schema = reader.read(Tags);
    expect(reader.read(Tags)).toBe(schema);
    expect(frozen(schema.layout)).toBe(true);
    expect([schema, schema.fields, schema.obstacles, ...schema.fields].every(Object.isFrozen)).toBe(true);
    expect(schema.fields.every((one) => frozen(one.type) && one.rules.every(Object.isFrozen))).toBe(true);
  });

  it('passes on a fault in a @Type function only to who must know', () => {
    class Faulty {
      @Type(() => {
        throw new TypeError('not loaded yet');
      })
      item!: unknown;
    }
    const reader = new SchemaReader();
    expect(() => reader.readClass(Faulty)).toThrow('not loaded yet');
    expect(reader.read(Faulty).obstacles).toEqual(['Faulty cannot be read: not loaded yet']);
  });
});

function frozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(frozen);
}
