import { IsIn, IsInt, IsOptional, IsString } from 'class-validator';
import {
  anything,
  type Code,
  callContext,
  Endpoint,
  Interceptor,
  Meter,
  type Provider,
  provide,
  Service,
  ServiceError,
} from 'tenon';
import { TargetState } from './target-state.js';

/** What one call asks for, beside what the node does to all. */
export class Work {
  /** Of this call, the same for all its attempts. */
  @IsString() id!: string;
  /** Comes back as it is. */
  @IsOptional() @IsString() text?: string;
  @IsOptional() @IsInt() delayMs?: number;
  @IsOptional() @IsInt() burnMs?: number;
  @IsOptional() @IsString() failCode?: string;
  @IsOptional() @IsIn(['no', 'maybe', 'yes']) failExecuted?: 'no' | 'maybe' | 'yes';
  /** Throws a plain `Error` with this text. */
  @IsOptional() @IsString() throwText?: string;
}

/** A server stream that a call asks for. */
export class PieceOrder {
  /** How large the text of each piece is. */
  @IsInt() bytes!: number;
  /** Default: until the caller leaves. */
  @IsOptional() @IsInt() pieces?: number;
  /** The number of the first piece, for who goes on with a stream that broke. Default 0. */
  @IsOptional() @IsInt() from?: number;
  /** A pause between two pieces. Default none. */
  @IsOptional() @IsInt() everyMs?: number;
}

/** One message of a stream. */
export class Piece {
  @IsInt() n!: number;
  @IsString() text!: string;
}

export interface Done {
  readonly id: string;
  readonly node: string;
  readonly text?: string | undefined;
}

export interface Gathered {
  readonly pieces: number;
}

/** The service that rows call: does what the call and the node's settings say, and counts. */
@Service('target')
export class Target {
  constructor(private readonly state: TargetState) {}

  /** May run twice. */
  @Endpoint({ idempotent: true })
  work(request: Work): Promise<Done> {
    return this.#serve(request);
  }

  /** Must not run twice. */
  @Endpoint()
  once(request: Work): Promise<Done> {
    return this.#serve(request);
  }

  /** Comes back as it came: no class builds it. */
  @Endpoint({ request: anything })
  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  /** Answers with the metadata that arrived, both as its value and as the reply's metadata. */
  @Endpoint({ idempotent: true })
  async headers(_request: Work): Promise<Readonly<Record<string, string>>> {
    const context = callContext();
    const mine = Object.entries(context.metadata).filter(([name]) => name.startsWith('x-'));
    for (const [name, value] of mine) context.setReplyMetadata(name, value);
    return Object.fromEntries(mine);
  }

  /** Sends pieces as fast as they are taken. */
  @Endpoint({ stream: 'server', response: Piece })
  async *pieces({ bytes, pieces = Number.POSITIVE_INFINITY, everyMs = 0, from = 0 }: PieceOrder): AsyncIterable<Piece> {
    const text = 'x'.repeat(bytes);
    const { signal } = callContext();
    for (let n = from; n < pieces; n += 1) {
      if (everyMs > 0) await pause(everyMs, signal);
      yield { n, text };
    }
  }

  /** Reads pieces one by one, each taking as long as the node's settings say of a call. */
  @Endpoint({ stream: 'client', request: Piece })
  async gather(pieces: AsyncIterable<Piece>): Promise<Gathered> {
    const { signal } = callContext();
    const { delayMs = 0 } = this.state.settings;
    let next = 0;
    for await (const { n } of pieces) {
      if (n !== next) throw new ServiceError('DataLoss', `piece ${n} came where ${next} was due`);
      next += 1;
      if (delayMs > 0) await pause(delayMs, signal);
    }
    return { pieces: next };
  }

  async #serve(request: Work): Promise<Done> {
    const { state } = this;
    state.began(request.id);
    try {
      await act(request, state);
      return { id: request.id, node: state.node, ...(request.text === undefined ? {} : { text: request.text }) };
    } finally {
      state.ended();
    }
  }
}

async function act(request: Work, state: TargetState): Promise<void> {
  const { settings } = state;
  const { failShare = 0, failCode = 'Unavailable', failExecuted } = settings;
  const burnMs = request.burnMs ?? settings.burnMs ?? 0;
  const until = performance.now() + burnMs;
  while (burnMs > 0 && performance.now() < until);
  const delayMs = state.delayMsFor(request.delayMs);
  if (settings.slots !== undefined) await inTurn(state, settings.slots, delayMs);
  else if (delayMs > 0) await pause(delayMs, callContext().signal, () => state.canceled(request.id));
  if (request.throwText !== undefined) throw new Error(request.throwText);
  if (request.failCode !== undefined) throw failure(request.failCode, request.failExecuted);
  if (failShare > 0 && Math.random() < failShare) throw failure(failCode, failExecuted);
}

async function inTurn(state: TargetState, slots: number, delayMs: number): Promise<void> {
  const { signal } = callContext();
  await state.takeSlot(slots);
  try {
    await pause(delayMs, signal);
  } finally {
    state.giveSlot();
  }
}

/** Ends early where the caller has gone: nobody waits for the rest. */
function pause(ms: number, signal: AbortSignal, felt: () => void = () => {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const given = (): void => {
      clearTimeout(timer);
      felt();
      reject(ServiceError.from(signal.reason));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', given);
      resolve();
    }, ms);
    signal.addEventListener('abort', given, { once: true });
  });
}

function failure(code: string, executed: 'no' | 'maybe' | 'yes' = 'no'): ServiceError {
  return new ServiceError(code as Code, 'the row wants it so', { executed });
}

/** What an app that serves {@link Target} is made with. */
export function targetModules(state: TargetState): readonly Provider[] {
  return [
    provide(TargetState, [], () => state),
    provide(Meter, [], () => state.meter),
    provide(
      Interceptor,
      [],
      (): Interceptor => ({
        name: 'count-arrivals',
        places: ['early'],
        intercept: (call, next) => {
          state.arrived(call);
          return next(call);
        },
      }),
    ),
  ];
}
