import { Expose, Type } from 'class-transformer';
import {
  Allow,
  IsBoolean,
  IsDate,
  IsDefined,
  IsEmail,
  IsEnum,
  IsHash,
  IsInt,
  IsIP,
  IsMimeType,
  IsNotEmptyObject,
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

class Flag {
  @IsBoolean() on!: boolean;
  @IsNumber() @Min(0) @Max(1) share = 1;
  @IsOptional() @IsString() owner?: string;
}

export class FeatureFlags {
  @IsInt() revision!: number;
  @ValidateNested({ each: true }) @Type(() => Flag) flags!: Map<string, Flag>;
}

export class Upload {
  @IsString() @MaxLength(255) fileName!: string;
  @IsMimeType() mimeType!: string;
  @IsHash('sha256') digest!: string;
  @IsDefined() content!: Uint8Array;
  @Allow() thumbnail?: Buffer;
}

class Actor {
  @IsUUID() id!: string;
  @IsOptional() @IsIP() ip?: string;
}

enum Action {
  create = 'create',
  update = 'update',
  remove = 'remove',
}

export class AuditRecord {
  @IsDate() at!: Date;
  @ValidateNested() @Type(() => Actor) actor!: Actor;
  @IsEnum(Action) action!: Action;
  @IsString() target!: string;
  @IsOptional() @IsObject() before?: Record<string, unknown>;
  @IsOptional() @IsObject() after?: Record<string, unknown>;
}

/** Anything that other teams want to keep with a resource, found again by labels. */
export class ResourceMetadata {
  @IsUUID() id!: string;
  @IsObject() labels: Record<string, string> = {};
  @IsNotEmptyObject() document!: Record<string, unknown>;
  @Allow() etag?: string;
}

class QuietHours {
  @IsInt() @Min(0) @Max(23) from = 22;
  @IsInt() @Min(0) @Max(23) to = 7;
}

enum Theme {
  light = 'light',
  dark = 'dark',
  system = 'system',
}

export class Settings {
  @IsEnum(Theme) theme: Theme = Theme.system;
  @IsString() language = 'en';
  @IsInt() @Min(8) @Max(72) fontSize = 14;
  @IsBoolean() notifications = true;
  @ValidateNested() @Type(() => QuietHours) quietHours: QuietHours = new QuietHours();
  @IsString({ each: true }) mutedChannels: string[] = [];
  /** Kept for older clients, which send it. */
  legacyMode = false;
}

/** As a partner sends it. */
export class PartnerLead {
  @Expose({ name: 'first_name' }) @IsString() firstName!: string;
  @Expose({ name: 'last_name' }) @IsString() lastName!: string;
  @Expose({ name: 'e_mail' }) @IsEmail() email!: string;
  @Expose({ name: 'opt_in' }) @IsBoolean() optIn = false;
}

/** Handed on to another system, which alone knows what is in it. */
export class Passthrough {
  [key: string]: unknown;
}

const id = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const at = new Date('2026-02-28T12:00:00Z');
const digest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const upload = { fileName: 'a.png', mimeType: 'image/png', digest, content: Uint8Array.of(1, 2, 3) };
const audit = { at, actor: { id }, action: 'create', target: 'orders/17' };

export const recordDtos: readonly RealWorldDto[] = [
  {
    name: 'FeatureFlags',
    dto: FeatureFlags,
    valid: [
      { revision: 7, flags: {} },
      { revision: 8, flags: { search: { on: true, share: 0.25 }, cart: { on: false, owner: 'shop' } } },
    ],
    invalid: { revision: 8, flags: { search: { on: 'yes' } } },
  },
  {
    name: 'Upload',
    dto: Upload,
    valid: [upload, { ...upload, content: new Uint8Array(5_000), thumbnail: Buffer.from('small') }],
    invalid: { ...upload, digest: 'abc' },
  },
  {
    name: 'AuditRecord',
    dto: AuditRecord,
    valid: [audit, { ...audit, action: 'update', actor: { id, ip: '10.0.0.1' }, before: { a: 1 }, after: { a: [2] } }],
    invalid: { ...audit, actor: { id, ip: 'here' } },
  },
  {
    name: 'ResourceMetadata',
    dto: ResourceMetadata,
    valid: [
      { id, document: { a: { b: [1, null, 'x'] } } },
      { id, document: { a: 1 }, labels: { team: 'x' }, etag: '"7"' },
    ],
    invalid: { id, document: {} },
  },
  {
    name: 'Settings',
    dto: Settings,
    valid: [{}, { theme: 'dark', fontSize: 18, quietHours: { from: 20 }, mutedChannels: ['ads'], legacyMode: true }],
    invalid: { quietHours: { from: 24 } },
  },
  {
    name: 'PartnerLead',
    dto: PartnerLead,
    valid: [{ first_name: 'Ada', last_name: 'Lovelace', e_mail: 'ada@example.org', opt_in: true }],
    invalid: { first_name: 'Ada', last_name: 'Lovelace', e_mail: 'ada' },
  },
  { name: 'Passthrough', dto: Passthrough, valid: [{}, { anything: { goes: [1, 2] } }], invalid: [] },
];
