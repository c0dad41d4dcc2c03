import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsDate,
  IsEmail,
  IsEnum,
  IsInt,
  IsLatitude,
  IsLongitude,
  IsNumber,
  IsOptional,
  IsString,
  IsTimeZone,
  IsUUID,
  Matches,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import type { RealWorldDto } from './real-world-dto.js';

class GeoPoint {
  @IsLatitude() latitude!: number;
  @IsLongitude() longitude!: number;
  @IsOptional() @IsNumber() altitude?: number;
}

export class GeoFence {
  @IsString() name!: string;
  @ValidateNested() @Type(() => GeoPoint) center!: GeoPoint;
  @IsOptional() @IsNumber() @Min(1) radiusMeters?: number;
  @IsOptional() @ValidateNested({ each: true }) @ArrayMinSize(3) @Type(() => GeoPoint) outline?: GeoPoint[];
}

class Attendee {
  @IsEmail() email!: string;
  @IsBoolean() required = true;
}

enum Frequency {
  daily = 'daily',
  weekly = 'weekly',
  monthly = 'monthly',
}

class Recurrence {
  @IsEnum(Frequency) frequency!: Frequency;
  @IsInt() @Min(1) interval = 1;
  @IsOptional() @IsDate() @Type(() => Date) until?: Date;
}

export class CalendarEvent {
  @IsString() @MaxLength(200) title!: string;
  @IsDate() @Type(() => Date) startsAt!: Date;
  @IsDate() @Type(() => Date) endsAt!: Date;
  @IsTimeZone() timeZone!: string;
  @ValidateNested({ each: true }) @Type(() => Attendee) attendees: Attendee[] = [];
  @IsOptional() @ValidateNested() @Type(() => Recurrence) recurrence?: Recurrence;
  @IsInt({ each: true }) remindMinutesBefore: number[] = [10];
}

class Series {
  @Matches(/^[a-z][a-z0-9_.]*$/) metric!: string;
  @IsInt({ each: true }) @ArrayMaxSize(10_000) timesMs!: number[];
  @IsNumber({ allowNaN: true }, { each: true }) @ArrayMaxSize(10_000) values!: number[];
  @IsOptional() @IsString() unit?: string;
}

export class SensorBatch {
  @IsUUID() deviceId!: string;
  @IsInt() sequence!: number;
  @ValidateNested({ each: true }) @Type(() => Series) series!: Series[];
  @IsOptional() @IsNumber() batteryVolts?: number;
}

export class MatrixProduct {
  @IsArray() @IsArray({ each: true }) left!: number[][];
  @IsArray() @IsArray({ each: true }) right!: number[][];
  @IsBoolean() transposed = false;
}

export class Booking {
  @IsUUID() room!: string;
  @IsDate() @Type(() => Date) from!: Date;
  @IsDate()
  @Type(() => Date)
  @ValidateBy({
    name: 'isAfterFrom',
    validator: { validate: (until, facts) => until > ((facts?.object as Booking | undefined)?.from ?? 0) },
  })
  until!: Date;
  @IsInt() @Min(1) guests!: number;
}

const id = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const center = { latitude: 48.2, longitude: 16.37 };
const event = {
  title: 'Planning',
  startsAt: '2026-03-02T09:00:00Z',
  endsAt: new Date('2026-03-02T10:00:00Z'),
  timeZone: 'Europe/Vienna',
};
const series = { metric: 'room.temperature', timesMs: [1_772_000_000_000, 1_772_000_001_000], values: [21.5, 22] };
const booking = { room: id, from: new Date('2026-03-01'), until: new Date('2026-03-04'), guests: 2 };

export const measurementDtos: readonly RealWorldDto[] = [
  {
    name: 'GeoFence',
    dto: GeoFence,
    valid: [
      { name: 'Wien', center, radiusMeters: 12_000 },
      { name: 'Ring', center: { ...center, altitude: 171.5 }, outline: [center, center, center] },
    ],
    invalid: { name: 'Nowhere', center: { latitude: 91, longitude: 0 } },
  },
  {
    name: 'CalendarEvent',
    dto: CalendarEvent,
    valid: [
      event,
      { ...event, attendees: [{ email: 'ada@example.org' }], recurrence: { frequency: 'weekly', until: event.endsAt } },
    ],
    invalid: { ...event, startsAt: 'soon' },
  },
  {
    name: 'SensorBatch',
    dto: SensorBatch,
    valid: [{ deviceId: id, sequence: 1, series: [series, { ...series, unit: '°C', values: [Number.NaN, 0.5] }] }],
    invalid: { deviceId: id, sequence: 1, series: [{ ...series, timesMs: [0.5] }] },
  },
  {
    name: 'MatrixProduct',
    dto: MatrixProduct,
    valid: [
      { left: [[1, 2]], right: [[3], [4]] },
      { left: [], right: [], transposed: true },
    ],
    invalid: { left: [1], right: [] },
  },
  {
    name: 'Booking',
    dto: Booking,
    valid: [booking],
    invalid: { ...booking, until: new Date('2026-02-01') },
  },
];
