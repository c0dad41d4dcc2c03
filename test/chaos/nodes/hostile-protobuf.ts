import { Type } from 'class-transformer';
import { IsArray, IsIn, IsInstance, IsInt, IsNumber, IsOptional, IsString, ValidateNested } from 'class-validator';
import type { Random } from './random-frames.js';

/** What bad peers send the codec of protobuf: a class that nests itself in every way there is. */
export class Hostile {
  @IsOptional() @IsString() text?: string;
  @IsOptional() @IsInt() whole?: number;
  @IsOptional() @IsNumber() real?: number;
  @IsArray() @IsInt({ each: true }) numbers!: number[];
  @IsArray() @ValidateNested({ each: true }) @Type(() => Hostile) list!: Hostile[];
  @IsOptional() @ValidateNested() @Type(() => Hostile) inner?: Hostile;
  @ValidateNested({ each: true }) @Type(() => Hostile) entries!: Map<string, Hostile>;
  @IsOptional() @IsInstance(Uint8Array) bytes?: Uint8Array;
  @IsOptional() @Type(() => Date) at?: Date;
  @IsOptional() @IsIn(['red', 'green']) color?: string;
}

/** Keys that mean something to JavaScript, and some that do not. */
const keys = ['__proto__', 'constructor', 'prototype', 'then', 'toString', 'hasOwnProperty', 'id', 'text', 'polluted'];

/** A message as a bad peer would like it. */
export function hostileProtobuf(random: Random, depth = 0): Buffer {
  const fields = Array.from({ length: 1 + random.integer(3) }, () => hostileField(random, depth));
  return Buffer.concat(fields);
}

function hostileField(random: Random, depth: number): Buffer {
  const number = random.integer(20) === 0 ? 1 + random.integer(1_000_000) : 1 + random.integer(11);
  const kind = random.integer(depth > 5 ? 4 : 8);
  if (kind === 0) return field(number, 0, varint(random.integer(2 ** 31) * random.of(1, 2, 4_096, 2 ** 21)));
  if (kind === 1) return field(number, random.of(1, 5), random.bytes(8));
  if (kind === 2) return field(number, random.of(3, 4, 6, 7));
  const text = Buffer.from(random.of(...keys));
  if (kind === 3) return field(number, 2, varint(random.of(text.length, 0, 2 ** 32 - 1, 2 ** 40)), text);
  const inner = hostileProtobuf(random, depth + 1);
  // An entry of a map has its key before it.
  const content = random.of(
    inner,
    Buffer.concat([field(1, 2, varint(text.length), text), field(2, 2, varint(inner.length), inner)]),
  );
  return field(number, 2, varint(content.length), content);
}

/** Messages, or groups, inside each other: so many levels. */
export function nestedProtobuf(levels: number): readonly Buffer[] {
  const whole = Buffer.alloc(levels * 6);
  let at = whole.length;
  // From the inside out, so that each length is known when it is written.
  for (let level = 0; level < levels; level += 1) {
    const head = field(6, 2, varint(whole.length - at));
    at -= head.length;
    head.copy(whole, at);
  }
  const groups = Buffer.concat([Buffer.alloc(levels, field(15, 3)), Buffer.alloc(levels, field(15, 4))]);
  return [whole.subarray(at), groups, groups.subarray(0, levels)];
}

/** Fields that claim what is not there. */
export function claimingProtobuf(): readonly Buffer[] {
  return [1, 4, 5, 6, 7, 8, 9, 99].flatMap((number) =>
    [2 ** 32 - 1, 2 ** 24 - 1, 2 ** 40].map((length) => field(number, 2, varint(length))),
  );
}

function field(number: number, wireType: number, ...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([varint(number * 8 + wireType), ...parts]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
