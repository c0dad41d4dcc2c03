import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsDate,
  IsEmail,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { callContext, Endpoint, Service, ServiceError } from 'tenon';

export class Line {
  @IsString() @MinLength(1) sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

export class PlaceOrder {
  @IsEmail() customer!: string;
  @ArrayNotEmpty() @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
  @IsOptional() @IsIn(['post', 'courier']) by?: 'post' | 'courier';
  @IsOptional() @IsDate() @Type(() => Date) due?: Date;
}

export class PlacedOrder {
  @IsString() orderId!: string;
  @IsInt() pieces!: number;
}

/** A category, which may have further ones within it. */
export class Category {
  @IsString() name!: string;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Category) within?: Category[];
}

export class CountRequest {
  @IsInt() @Min(0) @Max(1_000) to!: number;
}

export class Tick {
  @IsInt() number!: number;
}

@Service('orders', { version: '2.1.0', metadata: { description: 'Takes orders.' } })
export class Orders {
  /** How many handlers wait until their caller gives up. */
  waiting = 0;

  @Endpoint({ idempotent: true, response: PlacedOrder, metadata: { description: 'Places an order.' } })
  async place({ customer, lines }: PlaceOrder): Promise<PlacedOrder> {
    if (customer.startsWith('nobody')) throw new ServiceError('NotFound', 'there is nobody', { details: { customer } });
    return { orderId: 'o-1', pieces: lines.reduce((sum, { quantity }) => sum + quantity, 0) };
  }

  @Endpoint({ response: Category, metadata: { deprecated: 'use Orders.Place' } })
  async sort(category: Category): Promise<Category> {
    return category;
  }

  @Endpoint({ stream: 'server', response: Tick })
  async *count({ to }: CountRequest): AsyncIterable<Tick> {
    for (let number = 1; number <= to; number += 1) {
      if (number === 13) throw new ServiceError('ResourceExhausted', 'thirteen is too many');
      yield { number };
    }
    if (to > 0) return;
    this.waiting += 1;
    await new Promise((resolve) => callContext().signal.addEventListener('abort', resolve));
    this.waiting -= 1;
  }

  @Endpoint({ stream: 'client', request: Tick, response: Tick })
  async sum(ticks: AsyncIterable<Tick>): Promise<Tick> {
    let sum = 0;
    for await (const { number } of ticks) sum += number;
    return { number: sum };
  }

  @Endpoint({ stream: 'bidi', request: Tick, response: Tick })
  async *double(ticks: AsyncIterable<Tick>): AsyncIterable<Tick> {
    for await (const { number } of ticks) yield { number: 2 * number };
  }

  @Endpoint()
  ping(): string {
    return 'pong';
  }
}
