import { IsString } from 'class-validator';
import { callContext, Endpoint, Event, Injectable, InjectPublisher, Publisher, Service, Subscribe } from 'tenon';

export class Entry {
  @IsString() id!: string;
}

@Event('ledger.booked')
export class Booked {
  @IsString() id!: string;
  @IsString() node!: string;
}

/** Books entries, and tells everybody. */
@Service('ledger', { version: '1.0.0' })
export class Ledger {
  constructor(@InjectPublisher(Booked) private readonly booked: Publisher<Booked>) {}

  @Endpoint({ idempotent: true })
  async book({ id }: Entry): Promise<{ readonly node: string; readonly pid: number }> {
    const node = callContext().node ?? '';
    await this.booked.publish({ id, node });
    return { node, pid: process.pid };
  }

  /** Without an event, so that it needs no NATS. */
  @Endpoint({ idempotent: true })
  whoami(): string {
    return callContext().node ?? '';
  }
}

/** The ids of what was booked, as often as they were heard. */
@Injectable()
export class Heard {
  readonly byEverybody: string[] = [];
  readonly byTheQueue: string[] = [];
}

/** Hears every event once by itself, and shares a second subscription with its like. */
@Service('auditor')
export class Auditor {
  constructor(private readonly heard: Heard) {}

  @Subscribe(Booked)
  onBooked({ id }: Booked): void {
    this.heard.byEverybody.push(id);
  }

  @Subscribe(Booked, { queue: 'auditors' })
  onBookedOnce({ id }: Booked): void {
    this.heard.byTheQueue.push(id);
  }
}
