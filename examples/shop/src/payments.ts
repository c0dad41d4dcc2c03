import { IsInt, IsString, Max, Min } from 'class-validator';
import { callContext, Endpoint, Service, ServiceError } from 'tenon';

export class ChargeRequest {
  @IsString() orderId!: string;
  @IsInt() @Min(1) cents!: number;
}

export class ChargeReply {
  @IsString() receipt!: string;
  /** The node that took the money. */
  @IsString() node!: string;
}

export class InstallmentsRequest {
  @IsInt() @Min(1) cents!: number;
  @IsInt() @Min(1) @Max(36) months!: number;
}

export class Installment {
  @IsInt() month!: number;
  @IsInt() cents!: number;
}

/** Takes money. Charging the same order twice is the same as once, so a caller may try again when a node dies. */
@Service('payments', { version: '1.0.0' })
export class Payments {
  @Endpoint({ idempotent: true, response: ChargeReply })
  async charge({ orderId, cents }: ChargeRequest): Promise<ChargeReply> {
    if (cents > 100_000) {
      throw new ServiceError('FailedPrecondition', 'the card has a limit of 1,000.00', {
        details: { limitCents: 100_000 },
      });
    }
    await bank();
    return { receipt: `receipt-${orderId}`, node: callContext().node ?? '' };
  }

  /** What is due each month, to the cent. */
  @Endpoint({ stream: 'server', response: Installment })
  async *installments({ cents, months }: InstallmentsRequest): AsyncIterable<Installment> {
    const each = Math.floor(cents / months);
    for (let month = 1; month <= months; month += 1)
      yield { month, cents: month === months ? cents - each * (months - 1) : each };
  }
}

/** The bank takes its time, long enough for a node to die meanwhile. */
function bank(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}
