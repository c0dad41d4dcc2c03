import { Transform, Type } from 'class-transformer';
import {
  IsBoolean,
  IsDate,
  IsEmail,
  IsEnum,
  IsLocale,
  IsOptional,
  IsPhoneNumber,
  IsString,
  IsStrongPassword,
  IsTimeZone,
  IsUrl,
  Length,
  MaxLength,
  MinLength,
  registerDecorator,
  ValidateNested,
} from 'class-validator';
import { PostalAddress } from './orders.js';
import type { RealWorldDto } from './real-world-dto.js';

enum Role {
  reader = 'reader',
  editor = 'editor',
  admin = 'admin',
}

export class RegisterUser {
  @IsEmail() @MaxLength(254) email!: string;
  @IsStrongPassword() password!: string;
  @IsString() @Length(1, 80) displayName!: string;
  @IsOptional() @IsPhoneNumber() phone?: string;
  @IsEnum(Role, { each: true }) roles: Role[] = [Role.reader];
  @IsOptional() @ValidateNested() @Type(() => PostalAddress) address?: PostalAddress;
  @IsBoolean() acceptedTerms!: boolean;
}

export class UpdateProfile {
  @IsOptional() @IsString() @Length(1, 80) displayName?: string;
  @IsOptional() @IsUrl() avatar?: string | null;
  @IsOptional() @IsLocale() locale?: string;
  @IsOptional() @IsTimeZone() timeZone?: string;
  @IsOptional() @IsDate() @Type(() => Date) bornOn?: Date;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => PostalAddress) addresses?: PostalAddress[];
}

export class SignIn {
  @IsEmail()
  @Transform(({ value }) => (typeof value === 'string' ? value.trim().toLowerCase() : value))
  email!: string;
  @IsString() @MinLength(1) password!: string;
  @IsOptional() @IsString() oneTimeCode?: string;
  @IsBoolean() remember = false;
}

/** Asks whether a name is free: in earnest a query. */
function IsFree(): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'isFree',
      async: true,
      target: target.constructor,
      propertyName: property as string,
      validator: { validate: async (value: unknown) => value !== 'admin' },
    });
}

export class ClaimHandle {
  @IsString() @Length(3, 30) @IsFree() handle!: string;
  @IsOptional() @IsString() @MaxLength(500) reason?: string;
}

const user = {
  email: 'ada@example.org',
  password: 'aBc-123!xY9',
  displayName: 'Ada',
  acceptedTerms: true,
};
const address = { street: 'Graben 1', city: 'Wien', postalCode: '1010', country: 'AT' };

export const peopleDtos: readonly RealWorldDto[] = [
  {
    name: 'RegisterUser',
    dto: RegisterUser,
    valid: [user, { ...user, phone: '+41446681800', roles: ['reader', 'editor'], address }],
    invalid: { ...user, roles: ['owner'] },
  },
  {
    name: 'UpdateProfile',
    dto: UpdateProfile,
    valid: [
      {},
      { displayName: 'Ada', avatar: null },
      { bornOn: new Date('1815-12-10'), addresses: [address, address] },
    ],
    invalid: { timeZone: 'Europe/Atlantis' },
  },
  {
    name: 'SignIn',
    dto: SignIn,
    valid: [
      { email: ' Ada@Example.org ', password: 'secret' },
      { email: 'ada@example.org', password: 'secret', oneTimeCode: '123456', remember: true },
    ],
    invalid: { email: 'ada', password: 'secret' },
  },
  {
    name: 'ClaimHandle',
    dto: ClaimHandle,
    valid: [{ handle: 'ada' }, { handle: 'lovelace', reason: 'it is my name' }],
    invalid: { handle: 'admin' },
  },
];
