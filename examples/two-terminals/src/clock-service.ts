import { IsInt, IsOptional, IsString, IsTimeZone } from 'class-validator';
import { Endpoint, Event, InjectPublisher, Publisher, Service } from 'tenon';

export class TimeRequest {
  /** An IANA zone such as `Europe/Paris`. Default: UTC. */
  @IsOptional() @IsTimeZone() zone?: string;
}

export class TimeReply {
  @IsString() time!: string;
  @IsTimeZone() zone!: string;
  @IsInt() servedBy!: number;
}

@Event('clock.asked')
export class Asked {
  @IsTimeZone() zone!: string;
}

/** Tells the time, and tells everybody that somebody asked. */
@Service('clock', { version: '1.0.0' })
export class ClockService {
  constructor(@InjectPublisher(Asked) private readonly asked: Publisher<Asked>) {}

  @Endpoint({ idempotent: true, response: TimeReply })
  async time({ zone = 'UTC' }: TimeRequest): Promise<TimeReply> {
    await this.asked.publish({ zone });
    return { time: new Date().toLocaleTimeString('en-GB', { timeZone: zone }), zone, servedBy: process.pid };
  }
}
