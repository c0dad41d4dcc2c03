import type { ServiceError } from '@tenon/contract';
import { refusal } from './refusal.js';

/** A lock that cannot be worked by. */
export function refuseLock(file: string, why: string): ServiceError {
  return refusal(`${file} is refused: ${why}. Restore it from version control; it is written by "tenon proto --lock"`);
}

/** The entries of an object that may be left out. */
export function stated(file: string, name: string, given: unknown): readonly (readonly [string, unknown])[] {
  if (given === undefined) return [];
  if (!isRecord(given)) throw refuseLock(file, `${name} is no object`);
  return Object.entries(given);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
