import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsNumber,
  IsString,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Endpoint, Service } from 'tenon';
import type { Handlers, Tick } from '../../workload/handlers.js';
import type { Records, Small } from '../../workload/payloads.js';

/** The workload's handlers as something that can be injected. */
export abstract class EchoHandlers implements Handlers {
  abstract small(request: Small): Small;
  abstract records(request: Records): Records;
  abstract count(request: { readonly to: number }): AsyncGenerator<Tick>;
  abstract echo(message: Tick): Tick;
}

export class SmallMessage implements Small {
  @IsString() @MaxLength(64) name!: string;
  @IsInt() n!: number;
}

export class ItemMessage {
  @IsInt() @Min(0) id!: number;
  @IsString() @MaxLength(64) name!: string;
  @IsNumber() price!: number;
  @IsBoolean() active!: boolean;
  @IsInt() @Min(0) quantity!: number;
}

export class RecordsMessage implements Records {
  @IsArray()
  @ArrayMaxSize(10_000)
  @ValidateNested({ each: true })
  @Type(() => ItemMessage)
  items!: readonly ItemMessage[];
}

export class CountRequest {
  @IsInt() @Min(0) to!: number;
}

export class TickMessage implements Tick {
  @IsInt() n!: number;
}

/** The service as an application writes it. */
@Service('echo', { version: '1.0.0' })
export class Echo {
  constructor(private readonly handlers: EchoHandlers) {}

  @Endpoint({ idempotent: true, response: SmallMessage })
  small(request: SmallMessage): Small {
    return this.handlers.small(request);
  }

  @Endpoint({ idempotent: true, response: RecordsMessage })
  records(request: RecordsMessage): Records {
    return this.handlers.records(request);
  }

  @Endpoint({ stream: 'server', response: TickMessage })
  count(request: CountRequest): AsyncIterable<TickMessage> {
    return this.handlers.count(request);
  }

  @Endpoint({ stream: 'bidi', request: TickMessage, response: TickMessage })
  async *converse(messages: AsyncIterable<TickMessage>): AsyncIterable<TickMessage> {
    for await (const message of messages) yield this.handlers.echo(message);
  }
}
