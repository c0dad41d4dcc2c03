import { Type } from 'class-transformer';
import {
  IsArray,
  IsDate,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { Endpoint, Event, Service, Subscribe } from 'tenon';

// A service in three versions of its classes, as three teams deploy it.

export class OldLine {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

export class OldOrder {
  @IsString() customer!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => OldLine) lines!: OldLine[];
  @IsOptional() @IsString() note?: string;
}

export class OldReceipt {
  @IsInt() cents!: number;
  @IsDate() @Type(() => Date) at!: Date;
}

@Service('orders', { as: 'Orders' })
export class OldOrders {
  @Endpoint({ response: OldReceipt })
  place(order: OldOrder): OldReceipt {
    if (!(order instanceof OldOrder && order.lines.every((line) => line instanceof OldLine)))
      throw new Error('not built');
    return { cents: order.lines.reduce((sum, { quantity }) => sum + quantity * 100, 0), at: new Date(86_400_000) };
  }

  @Endpoint({ stream: 'bidi', request: OldOrder, response: OldReceipt })
  async *placeAll(orders: AsyncIterable<OldOrder>): AsyncIterable<OldReceipt> {
    for await (const order of orders) yield this.place(order);
  }
}

export class NewLine {
  @IsNumber() @Max(1_000) quantity!: number;
  @IsString() sku!: string;
  @IsOptional() @IsString() colour?: string;
}

/** Another order of fields, one more, one fewer, and quantities that take fractions. */
export class NewOrder {
  @IsArray() @ValidateNested({ each: true }) @Type(() => NewLine) lines!: NewLine[];
  @IsString() customer!: string;
  @IsOptional() @IsInt() priority?: number;
}

export class NewReceipt {
  @IsInt() cents!: number;
  @IsDate() @Type(() => Date) at!: Date;
  @IsOptional() @IsString() currency?: string;
}

@Service('orders', { as: 'Orders' })
export class NewOrders {
  @Endpoint({ response: NewReceipt })
  place(order: NewOrder): NewReceipt {
    if (!(order instanceof NewOrder && order.lines.every((line) => line instanceof NewLine)))
      throw new Error('not built');
    const cents = order.lines.reduce((sum, { quantity }) => sum + quantity * 100, 0);
    return { cents, at: new Date(86_400_000), currency: 'EUR' };
  }

  @Endpoint({ stream: 'bidi', request: NewOrder, response: NewReceipt })
  async *placeAll(orders: AsyncIterable<NewOrder>): AsyncIterable<NewReceipt> {
    for await (const order of orders) yield this.place(order);
  }
}

/** What no codec takes for the other: the customer is a number, which may also come as a text that MessagePack carries. */
export class OddOrder {
  @ValidateIf(({ customer }: OddOrder) => typeof customer !== 'string') @IsInt() customer!: number | string;
  @IsArray() lines!: unknown[];
}

@Service('orders', { as: 'Orders' })
export class OddOrders {
  @Endpoint({ response: OldReceipt })
  place({ lines }: OddOrder): OldReceipt {
    return { cents: lines.length, at: new Date(86_400_000) };
  }
}

@Event('order.placed')
export class OldPlaced {
  @IsString() id!: string;
  @IsInt() cents!: number;
}

@Event('order.placed')
export class NewPlaced {
  @IsOptional() @IsString() currency?: string;
  @IsNumber() cents!: number;
  @IsString() id!: string;
}

@Service('ledger')
export class NewLedger {
  readonly placed: NewPlaced[] = [];

  @Subscribe(NewPlaced)
  onPlaced(event: NewPlaced): void {
    this.placed.push(event);
  }
}
