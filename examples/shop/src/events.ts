import { IsInt, IsString } from 'class-validator';
import { Event } from 'tenon';

/** An order was placed and paid. */
@Event('order.placed')
export class OrderPlaced {
  @IsString() orderId!: string;
  @IsString() customer!: string;
  @IsInt() cents!: number;
}
