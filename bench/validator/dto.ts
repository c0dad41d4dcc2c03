import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsEmail,
  IsEnum,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

export enum Status {
  open = 'open',
  paid = 'paid',
  shipped = 'shipped',
}

/** Five fields: a string with a length, an integer, a number, a boolean, an enum. */
export class FiveFields {
  @IsString() @Length(1, 64) name!: string;
  @IsInt() count!: number;
  @IsNumber() price!: number;
  @IsBoolean() active!: boolean;
  @IsEnum(Status) status!: Status;
}

/** The same five fields, with the bounds that an order line has. One of twenty records. */
export class Item {
  @IsString() @IsNotEmpty() @Length(1, 64) sku!: string;
  @IsInt() @Min(1) @Max(1_000) quantity!: number;
  @IsNumber() @Min(0) @Max(1_000_000) price!: number;
  @IsBoolean() inStock!: boolean;
  @IsEnum(Status) status!: Status;
}

export class Order {
  @IsString() id!: string;
  @IsArray() @ArrayMaxSize(100) @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

/** The two rules whose cost is validator.js itself. */
export class Account {
  @IsUUID() id!: string;
  @IsEmail() email!: string;
}
