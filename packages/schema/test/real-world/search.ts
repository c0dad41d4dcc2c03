import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsEnum,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import type { RealWorldDto } from './real-world-dto.js';

export class SearchQuery {
  @IsString() @MaxLength(200) text!: string;
  @Type(() => Number) @IsInt() @Min(1) page = 1;
  @Type(() => Number) @IsInt() @Min(1) @Max(100) pageSize = 20;
  @IsOptional() @IsIn(['relevance', 'newest', 'price']) sort?: string;
  @IsOptional() @IsArray() @ArrayMaxSize(20) @IsString({ each: true }) categories?: string[];
  @IsOptional() @IsNumber() minPrice?: number;
  @IsOptional() @IsNumber() maxPrice?: number;
  @IsBoolean() inStockOnly = false;
}

class Hit {
  @IsUUID() id!: string;
  @IsString() title!: string;
  @IsNumber() score!: number;
  @IsString({ each: true }) highlights: string[] = [];
}

export class SearchPage {
  @ValidateNested({ each: true }) @Type(() => Hit) hits!: Hit[];
  @IsInt() total!: number;
  @IsOptional() @IsString() cursor?: string;
  @IsObject() facets: Record<string, Record<string, number>> = {};
}

enum Size {
  s = 'S',
  m = 'M',
  l = 'L',
}

class Variant {
  @IsString() sku!: string;
  @IsOptional() @IsEnum(Size) size?: Size;
  @IsOptional() @IsString() color?: string;
  @IsInt() @Min(0) stock!: number;
  @IsInt() @Min(0) priceCents!: number;
}

export class Product {
  @IsUUID() id!: string;
  @IsString() @MaxLength(160) title!: string;
  @IsOptional() @IsString() description?: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Variant) variants!: Variant[];
  @IsString({ each: true }) tags: string[] = [];
  @IsOptional() @IsObject() attributes?: Record<string, string>;
  @IsBoolean() published = false;
}

const id = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const product = { id, title: 'Tea pot', variants: [{ sku: 'pot-07', stock: 3, priceCents: 3900 }] };

export const searchDtos: readonly RealWorldDto[] = [
  {
    name: 'SearchQuery',
    dto: SearchQuery,
    valid: [
      { text: 'tea' },
      { text: 'tea', page: '2', pageSize: 50, sort: 'price', categories: ['green', 'black'], maxPrice: 12.5 },
    ],
    invalid: { text: 'tea', pageSize: 1000 },
  },
  {
    name: 'SearchPage',
    dto: SearchPage,
    valid: [
      { hits: [], total: 0 },
      { hits: [{ id, title: 'Tea', score: 0.75, highlights: ['<b>tea</b>'] }], total: 1, facets: { kind: { tea: 1 } } },
    ],
    invalid: { hits: [{ id: 'x', title: 'Tea', score: 1 }], total: 1 },
  },
  {
    name: 'Product',
    dto: Product,
    valid: [
      product,
      { ...product, variants: [{ ...product.variants[0], size: 'M', color: 'blue' }], attributes: { made: 'Wien' } },
    ],
    invalid: { ...product, variants: [{ sku: 'pot-07', stock: -1, priceCents: 3900 }] },
  },
];
