import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';

export class Item {
  @IsInt() @Min(0) id!: number;
  @IsString() @MaxLength(64) name!: string;
  @IsNumber() price!: number;
  @IsBoolean() active!: boolean;
}

export class Order {
  @IsString() customer!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

/** The same class in the process of another team: equal to the letter. */
export class SameOrder {
  @IsArray() @ValidateNested({ each: true }) @Type(() => SameItem) items!: SameItem[];
  @IsString() customer!: string;
}

export class SameItem {
  @IsBoolean() active!: boolean;
  @IsNumber() price!: number;
  @IsString() name!: string;
  @IsInt() id!: number;
}

/** A newer version: a field was added that may be left out, one was removed, and the number of a line takes fractions. */
export class NewerOrder {
  @IsOptional() @IsString() note?: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => NewerItem) items!: NewerItem[];
}

export class NewerItem {
  @IsNumber() id!: number;
  @IsString() name!: string;
  @IsNumber() price!: number;
  @IsBoolean() active!: boolean;
}

/** A version that nobody can read as the first one: the customer is a number. */
export class OtherOrder {
  @IsInt() customer!: number;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

export const order = Object.freeze({
  customer: 'Ada',
  items: Object.freeze([
    Object.freeze({ id: 70_001, name: 'one', price: 1.25, active: true }),
    Object.freeze({ id: 70_002, name: 'two', price: 2, active: false }),
  ]),
});
