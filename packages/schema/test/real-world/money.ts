import { Type } from 'class-transformer';
import {
  Allow,
  ArrayMinSize,
  IsCreditCard,
  IsDate,
  IsDefined,
  IsEnum,
  IsIBAN,
  IsIn,
  IsInt,
  IsISO4217CurrencyCode,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import type { RealWorldDto } from './real-world-dto.js';

enum PaymentState {
  pending = 'pending',
  authorized = 'authorized',
  captured = 'captured',
  failed = 'failed',
}

class Card {
  @IsCreditCard() number!: string;
  @Matches(/^\d{2}\/\d{2}$/) expires!: string;
}

export class Payment {
  @IsUUID() id!: string;
  @IsInt() @Min(1) amountCents!: number;
  @IsISO4217CurrencyCode() currency!: string;
  @IsEnum(PaymentState) state: PaymentState = PaymentState.pending;
  @IsOptional() @ValidateNested() @Type(() => Card) card?: Card;
  @IsOptional() @IsIBAN() iban?: string;
  @IsDate() createdAt!: Date;
}

export class RefundRequest {
  @IsUUID() paymentId!: string;
  @IsOptional() @IsInt() @Min(1) amountCents?: number;
  @IsIn(['duplicate', 'fraudulent', 'requested']) reason!: 'duplicate' | 'fraudulent' | 'requested';
  @ValidateIf((request: RefundRequest) => request.reason === 'requested')
  @IsString()
  @IsNotEmpty()
  comment?: string;
}

class TaxLine {
  @IsString() name!: string;
  @IsNumber() @Min(0) @Max(1) rate!: number;
  @IsInt() amountCents!: number;
}

class InvoiceLine {
  @IsString() @MaxLength(300) text!: string;
  @IsNumber() quantity!: number;
  @IsInt() unitCents!: number;
  @ValidateNested({ each: true }) @Type(() => TaxLine) taxes: TaxLine[] = [];
}

export class Invoice {
  @Matches(/^\d{4}-\d{5}$/) number!: string;
  @IsDate() @Type(() => Date) issuedOn!: Date;
  @IsDate() @Type(() => Date) dueOn!: Date;
  @ValidateNested({ each: true }) @ArrayMinSize(1) @Type(() => InvoiceLine) lines!: InvoiceLine[];
  @IsOptional() @IsString() purchaseOrder?: string;
}

/** Amounts in the smallest unit of a currency, which for some take more than 53 bits. */
export class LedgerEntry {
  @IsUUID() id!: string;
  @IsDefined() amount!: bigint;
  @IsDefined() balance!: bigint;
  @Allow() previous?: bigint;
  @IsString() account!: string;
  @IsDate() bookedAt!: Date;
}

enum Interval {
  month,
  year,
}

export class SubscriptionChange {
  @IsUUID() subscriptionId!: string;
  @IsEnum(Interval) interval!: Interval;
  @IsInt() @Min(1) @Max(10_000) seats = 1;
  @IsOptional() @IsDate() @Type(() => Date) trialEndsAt?: Date | null;
}

const id = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const at = new Date('2026-02-28T12:00:00.500Z');
const payment = { id, amountCents: 1999, currency: 'EUR', createdAt: at };
const invoiceLine = { text: 'Tea, 100 g', quantity: 2.5, unitCents: 450 };
const invoice = { number: '2026-00017', issuedOn: at, dueOn: new Date('2026-03-28'), lines: [invoiceLine] };
const entry = { id, amount: 2n ** 70n, balance: -5n, account: 'assets:cash', bookedAt: at };
const change = { subscriptionId: id, interval: 1 };

export const moneyDtos: readonly RealWorldDto[] = [
  {
    name: 'Payment',
    dto: Payment,
    valid: [
      payment,
      { ...payment, state: 'captured', card: { number: '4111111111111111', expires: '12/29' } },
      { ...payment, iban: 'DE89370400440532013000' },
    ],
    invalid: { ...payment, card: { number: '4111111111111112', expires: '12/29' } },
  },
  {
    name: 'RefundRequest',
    dto: RefundRequest,
    valid: [
      { paymentId: id, reason: 'duplicate' },
      { paymentId: id, reason: 'requested', comment: 'it leaks', amountCents: 500 },
    ],
    invalid: { paymentId: id, reason: 'requested', comment: '' },
  },
  {
    name: 'Invoice',
    dto: Invoice,
    valid: [
      invoice,
      { ...invoice, lines: [{ ...invoiceLine, taxes: [{ name: 'VAT', rate: 0.2, amountCents: 225 }] }] },
    ],
    invalid: { ...invoice, lines: [] },
  },
  {
    name: 'LedgerEntry',
    dto: LedgerEntry,
    valid: [entry, { ...entry, previous: 7n }],
    invalid: { ...entry, amount: null },
  },
  {
    name: 'SubscriptionChange',
    dto: SubscriptionChange,
    valid: [change, { ...change, seats: 25, trialEndsAt: at }, { ...change, trialEndsAt: null }],
    invalid: { ...change, interval: 7 },
  },
];
