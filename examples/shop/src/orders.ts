import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsInt, IsString, Min, ValidateNested } from 'class-validator';
import { type ClientOf, Endpoint, InjectClient, InjectPublisher, Publisher, Service } from 'tenon';
import { OrderPlaced } from './events.js';
import { Payments } from './payments.js';

export class OrderLine {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity!: number;
  @IsInt() @Min(1) cents!: number;
}

export class PlaceOrder {
  @IsString() orderId!: string;
  @IsString() customer!: string;
  @ArrayNotEmpty() @ValidateNested({ each: true }) @Type(() => OrderLine) lines!: OrderLine[];
}

export class PlacedOrder {
  @IsString() orderId!: string;
  @IsInt() cents!: number;
  @IsString() receipt!: string;
  @IsString() paidBy!: string;
}

export class Subtotal {
  @IsInt() lines!: number;
  @IsInt() cents!: number;
}

/** Places orders: has the money taken by `payments`, then tells everybody. */
@Service('orders', { version: '1.0.0' })
export class Orders {
  constructor(
    @InjectClient(Payments) private readonly payments: ClientOf<Payments>,
    @InjectPublisher(OrderPlaced) private readonly placed: Publisher<OrderPlaced>,
  ) {}

  @Endpoint({ response: PlacedOrder })
  async place({ orderId, customer, lines }: PlaceOrder): Promise<PlacedOrder> {
    const cents = lines.reduce((sum, line) => sum + line.quantity * line.cents, 0);
    const { receipt, node } = await this.payments.charge({ orderId, cents });
    await this.placed.publish({ orderId, customer, cents });
    return { orderId, cents, receipt, paidBy: node };
  }

  /** What a basket comes to, told after each line that is put in. */
  @Endpoint({ stream: 'bidi', request: OrderLine, response: Subtotal })
  async *price(basket: AsyncIterable<OrderLine>): AsyncIterable<Subtotal> {
    let sum: Subtotal = { lines: 0, cents: 0 };
    for await (const { quantity, cents } of basket) {
      sum = { lines: sum.lines + 1, cents: sum.cents + quantity * cents };
      yield sum;
    }
  }

  /** The same in one answer at the end. */
  @Endpoint({ stream: 'client', request: OrderLine, response: Subtotal })
  async total(basket: AsyncIterable<OrderLine>): Promise<Subtotal> {
    let sum: Subtotal = { lines: 0, cents: 0 };
    for await (const subtotal of this.price(basket)) sum = subtotal;
    return sum;
  }
}
