import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDate,
  IsEmail,
  IsEnum,
  IsInt,
  IsISO4217CurrencyCode,
  IsISO31661Alpha2,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  IsUUID,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import type { RealWorldDto } from './real-world-dto.js';

export class PostalAddress {
  @IsString() @MaxLength(120) street!: string;
  @IsString() @MaxLength(80) city!: string;
  @IsString() @Length(3, 12) postalCode!: string;
  @IsISO31661Alpha2() country!: string;
}

export class OrderLine {
  @IsString() @Length(1, 64) sku!: string;
  @IsInt() @Min(1) @Max(999) quantity!: number;
  @IsNumber({ maxDecimalPlaces: 2 }) @IsPositive() unitPrice!: number;
  @IsOptional() @IsString() @MaxLength(200) note?: string;
}

export class CreateOrder {
  @IsUUID() id!: string;
  @IsEmail() customerEmail!: string;
  @ValidateNested({ each: true })
  @ArrayMinSize(1)
  @ArrayMaxSize(200)
  @Type(() => OrderLine)
  lines!: OrderLine[];
  @ValidateNested() @Type(() => PostalAddress) shipTo!: PostalAddress;
  @IsOptional() @ValidateNested() @Type(() => PostalAddress) billTo?: PostalAddress;
  @IsISO4217CurrencyCode() currency!: string;
  @IsOptional() @IsString({ each: true }) @ArrayMaxSize(5) coupons?: string[];
}

enum Carrier {
  post = 'post',
  courier = 'courier',
  freight = 'freight',
}

class Parcel {
  @IsInt() @IsPositive() weightGrams!: number;
  @IsInt({ each: true }) @ArrayMinSize(3) @ArrayMaxSize(3) dimensionsMm!: [number, number, number];
}

export class ShippingLabelRequest {
  @IsUUID() orderId!: string;
  @IsEnum(Carrier) carrier!: Carrier;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Parcel) parcels!: Parcel[];
  @ValidateNested() @Type(() => PostalAddress) from!: PostalAddress;
  @ValidateNested() @Type(() => PostalAddress) to!: PostalAddress;
  @IsDate() @Type(() => Date) pickUpAfter!: Date;
}

const address = { street: 'Graben 1', city: 'Wien', postalCode: '1010', country: 'AT' };
const id = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const order = {
  id,
  customerEmail: 'ada@example.org',
  lines: [
    { sku: 'tea-01', quantity: 2, unitPrice: 4.5 },
    { sku: 'pot-07', quantity: 1, unitPrice: 39, note: 'as a present' },
  ],
  shipTo: address,
  currency: 'EUR',
};
const label = {
  orderId: id,
  carrier: 'post',
  parcels: [{ weightGrams: 1200, dimensionsMm: [300, 200, 100] }],
  from: address,
  to: { ...address, street: 'Ring 2' },
  pickUpAfter: new Date('2026-03-01T08:00:00Z'),
};

export const orderDtos: readonly RealWorldDto[] = [
  {
    name: 'CreateOrder',
    dto: CreateOrder,
    valid: [order, { ...order, billTo: null, coupons: ['SPRING'] }, { ...order, billTo: address }],
    invalid: { ...order, lines: [{ sku: 'tea-01', quantity: 0, unitPrice: 4.5 }] },
  },
  {
    name: 'ShippingLabelRequest',
    dto: ShippingLabelRequest,
    valid: [label, { ...label, pickUpAfter: '2026-03-01T08:00:00Z' }],
    invalid: { ...label, carrier: 'pigeon' },
  },
];
