import { Type } from 'class-transformer';
import { IsArray, IsDate, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { Endpoint, Event, Service } from 'tenon';

export class Guest {
  @IsString() name!: string;
  @IsInt() @IsOptional() age?: number;

  /** Callers need not, and cannot, send methods. */
  greeting(): string {
    return `Hello ${this.name}`;
  }
}

export class CheckIn {
  @ValidateNested() @Type(() => Guest) guest!: Guest;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Guest) companions!: Guest[];
  @IsDate() @Type(() => Date) arrival!: Date;
}

export class Room {
  number!: number;
  keys!: readonly string[];
}

@Event('reception.checked-in')
export class CheckedIn {
  @IsInt() room!: number;
  @ValidateNested() @Type(() => Guest) guest!: Guest;
}

/** A service whose types the tests of this folder look at. */
@Service('reception')
export class Reception {
  /** No endpoint, so no method of a client. */
  readonly rooms = 12;

  @Endpoint({ idempotent: true })
  async checkIn(request: CheckIn): Promise<Room> {
    return { number: request.companions.length, keys: [request.guest.greeting()] };
  }

  @Endpoint()
  async bill(request: Guest): Promise<number> {
    return request.age ?? 0;
  }

  /** Answers without a promise. */
  @Endpoint()
  count(): number {
    return this.rooms;
  }

  @Endpoint()
  async close(_request: Guest): Promise<void> {}
}
