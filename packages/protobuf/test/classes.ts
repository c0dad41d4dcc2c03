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

// A service with every kind of field that protobuf can express.

export class Line {
  @IsString() sku!: string;
  @IsInt() quantity = 1;
  @ValidateNested() @Type(() => Line) @IsOptional() instead?: Line;
}

export class Order {
  @IsString() customerName!: string;
  @IsNumber() total!: number;
  @IsBoolean() giftWrapped!: boolean;
  @IsInstance(Uint8Array) signature!: Uint8Array;
  @Type(() => BigInt) balance!: bigint;
  @IsDate() @Type(() => Date) dueOn!: Date;
  @IsIn(['open', 'in transit', 'closed']) status!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
  @IsArray() @IsString({ each: true }) tags!: string[];
  @IsArray() @IsInt({ each: true }) @IsOptional() counts?: number[];
  @ValidateNested({ each: true }) @Type(() => Line) bySku!: Map<string, Line>;
  @IsOptional() @IsString() note?: string;
  @IsOptional() @IsIn([1, 2, 3]) priority?: number;
}

export class Receipt {
  @IsInt() cents!: number;
}

export class Tick {
  @IsInt() number!: number;
}
