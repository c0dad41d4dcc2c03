import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsDate,
  IsIn,
  IsInstance,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';

/** The class of the conformance suite's samples. */
export class Sample {
  @IsString() text!: string;
  @IsBoolean() flag!: boolean;
  @IsInt() whole!: number;
  @IsNumber() real!: number;
  @IsArray() @IsString({ each: true }) texts!: string[];
  @IsArray() @IsNumber({}, { each: true }) reals!: number[];
  @IsArray() @ValidateNested({ each: true }) @Type(() => Sample) list!: Sample[];
  @IsOptional() @IsIn(['red', 'dark green']) choice?: 'red' | 'dark green';
  @IsOptional() @ValidateNested() @Type(() => Sample) inner?: Sample;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Sample) entries?: Map<string, Sample>;
  @IsOptional() @IsInstance(Uint8Array) bytes?: Uint8Array;
  @IsOptional() @IsDate() @Type(() => Date) at?: Date;
  @IsOptional() @Type(() => BigInt) big?: bigint;
}

/** Numbers of its fields: in the order of the class. */
export const numbers = Object.freeze({
  text: 1,
  flag: 2,
  whole: 3,
  real: 4,
  texts: 5,
  reals: 6,
  list: 7,
  choice: 8,
  inner: 9,
  entries: 10,
  bytes: 11,
  at: 12,
  big: 13,
});
