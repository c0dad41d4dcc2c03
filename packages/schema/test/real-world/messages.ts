import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsDate,
  IsEnum,
  IsIn,
  IsInt,
  IsMimeType,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  IsUrl,
  IsUUID,
  Length,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import type { RealWorldDto } from './real-world-dto.js';

abstract class WebhookPayload {
  @IsString() kind!: string;
}

class PaymentSucceeded extends WebhookPayload {
  @IsUUID() paymentId!: string;
  @IsInt() amountCents!: number;
}

class CustomerDeleted extends WebhookPayload {
  @IsUUID() customerId!: string;
  @IsOptional() @IsString() reason?: string;
}

export class WebhookDelivery {
  @IsUUID() id!: string;
  @IsInt() @Min(1) attempt = 1;
  @IsDate() @Type(() => Date) sentAt!: Date;
  @ValidateNested()
  @Type(() => WebhookPayload as never, {
    keepDiscriminatorProperty: true,
    discriminator: {
      property: 'kind',
      subTypes: [
        { name: 'payment.succeeded', value: PaymentSucceeded },
        { name: 'customer.deleted', value: CustomerDeleted },
      ],
    },
  })
  payload!: PaymentSucceeded | CustomerDeleted;
}

export class Comment {
  @IsUUID() id!: string;
  @IsString() @IsNotEmpty() @MaxLength(10_000) body!: string;
  @IsDate() @Type(() => Date) postedAt!: Date;
  @ValidateNested({ each: true }) @Type(() => Comment) replies: Comment[] = [];
}

class Attachment {
  @IsUrl() url!: string;
  @IsMimeType() mimeType!: string;
  @IsInt() @Min(0) bytes!: number;
}

export class ChatMessage {
  @IsUUID() id!: string;
  @IsUUID() channel!: string;
  @IsString() @MaxLength(4000) text!: string;
  @IsOptional() @IsUUID() threadOf?: string;
  @IsUUID(undefined, { each: true }) mentions: string[] = [];
  @IsArray() @ArrayMaxSize(10) @ValidateNested({ each: true }) @Type(() => Attachment) attachments: Attachment[] = [];
  @IsOptional() @IsObject() reactions?: Record<string, string[]>;
  @IsDate() sentAt!: Date;
}

enum Channel {
  email = 'email',
  push = 'push',
  sms = 'sms',
}

export class Notification {
  @IsUUID() recipient!: string;
  @IsEnum(Channel, { each: true }) channels!: Channel[];
  @Length(1, 64) template!: string;
  @IsObject() parameters: Record<string, string> = {};
  @IsOptional() @IsDate() @Type(() => Date) notBefore?: Date;
  @IsIn([1, 2, 3]) priority = 2;
}

const id = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const at = new Date('2026-02-28T12:00:00Z');
const comment = { id, body: 'Well said.', postedAt: at };
const message = { id, channel: id, text: 'Hello', sentAt: at };

export const messageDtos: readonly RealWorldDto[] = [
  {
    name: 'WebhookDelivery',
    dto: WebhookDelivery,
    valid: [
      { id, sentAt: at, payload: { kind: 'payment.succeeded', paymentId: id, amountCents: 1999 } },
      { id, attempt: 3, sentAt: at, payload: { kind: 'customer.deleted', customerId: id, reason: 'asked for it' } },
    ],
    invalid: { id, sentAt: at, payload: { kind: 'payment.succeeded', paymentId: 'x', amountCents: 1999 } },
  },
  {
    name: 'Comment',
    dto: Comment,
    valid: [comment, { ...comment, replies: [{ ...comment, replies: [comment] }, comment] }],
    invalid: { ...comment, replies: [{ ...comment, replies: [{ ...comment, body: '' }] }] },
  },
  {
    name: 'ChatMessage',
    dto: ChatMessage,
    valid: [
      message,
      {
        ...message,
        threadOf: id,
        mentions: [id, id],
        attachments: [{ url: 'https://example.org/a.png', mimeType: 'image/png', bytes: 12_345 }],
        reactions: { '👍': [id] },
      },
    ],
    invalid: { ...message, mentions: ['ada'] },
  },
  {
    name: 'Notification',
    dto: Notification,
    valid: [
      { recipient: id, channels: ['email'], template: 'welcome' },
      {
        recipient: id,
        channels: ['push', 'sms'],
        template: 'alarm',
        parameters: { room: '7' },
        notBefore: at,
        priority: 3,
      },
    ],
    invalid: { recipient: id, channels: ['fax'], template: 'welcome' },
  },
];
