import { IsArray, IsOptional, IsString } from 'class-validator';
import {
  anything,
  type CallContext,
  type ClientOf,
  callContext,
  contract,
  Endpoint,
  Injectable,
  InjectClient,
  Service,
  ServiceError,
} from 'tenon';

export class RelayRequest {
  @IsOptional() @IsString() text?: string;
  /** What each hop saw is added on the way back. */
  @IsOptional() @IsArray() path?: string[];
}

export interface Hop {
  readonly service: string;
  readonly metadata: Record<string, string>;
  readonly timeLeftMs: number;
}

/** What the last hop does, set by each test. */
@Injectable()
export class LastHop {
  act: (context: CallContext) => unknown = () => undefined;
}

export interface RelayReply {
  readonly hops: readonly Hop[];
}

const hopOf = (service: string): Hop => {
  const { metadata, timeLeftMs } = callContext();
  return { service, metadata: { ...metadata }, timeLeftMs };
};

@Service('third', { version: '1.0.0' })
export class Third {
  constructor(private readonly last: LastHop) {}

  @Endpoint({ idempotent: true })
  async relay(_request: RelayRequest): Promise<RelayReply> {
    const hop = hopOf('third');
    await this.last.act(callContext());
    return { hops: [hop] };
  }
}

@Service('second')
export class Second {
  constructor(@InjectClient(Third) private readonly third: ClientOf<Third>) {}

  @Endpoint()
  async relay(request: RelayRequest): Promise<RelayReply> {
    const hop = hopOf('second');
    const { hops } = await this.third.relay(request);
    return { hops: [hop, ...hops] };
  }
}

@Service('first')
export class First {
  constructor(@InjectClient(Second) private readonly second: ClientOf<Second>) {}

  @Endpoint()
  async relay(request: RelayRequest): Promise<RelayReply> {
    const hop = hopOf('first');
    const { hops } = await this.second.relay(request);
    return { hops: [hop, ...hops] };
  }
}

/** Answers with what it got, and fails in every way. */
@Service('mirror', { version: '1.0.0', metadata: { zone: 'a' } })
export class Mirror {
  @Endpoint({ request: anything, idempotent: true })
  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  @Endpoint({ request: anything })
  async fail({ how }: { readonly how: string }): Promise<unknown> {
    const thrown: Record<string, unknown> = {
      text: 'secret text',
      null: null,
      error: new Error('secret error'),
      typed: new ServiceError('AlreadyExists', 'there is one', { details: { id: 7 } }),
      refused: new ServiceError('ResourceExhausted', 'full', { executed: 'no' }),
    };
    throw thrown[how];
  }

  @Endpoint({ request: anything })
  async context(): Promise<unknown> {
    const context = callContext();
    context.setReplyMetadata('x-reply', 'grüße');
    const { service, endpoint, metadata, node, requestId, peer } = context;
    return { service, endpoint, metadata: { ...metadata }, node, requestId, transport: peer?.transport };
  }

  @Endpoint({ request: anything })
  async unsendable({ what }: { readonly what: string }): Promise<unknown> {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    return { function: () => 1, cycle, symbol: Symbol('s') }[what] ?? cycle;
  }
}

export const MirrorContract = contract<Mirror>()('mirror', { as: 'Mirror', idempotent: ['echo'] });
