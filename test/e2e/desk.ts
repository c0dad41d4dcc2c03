import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsArray, IsEmail, IsInt, IsString, Length, Min, ValidateNested } from 'class-validator';
import {
  type App,
  anything,
  type ClientOf,
  callContext,
  consoleLogger,
  Endpoint,
  Event,
  InjectPublisher,
  type Module,
  Publisher,
  Service,
  ServiceError,
  Subscribe,
} from 'tenon';
import { expect } from 'vitest';
import { TestFleet } from './fleet.js';
import { leavingNothing } from './leaving-nothing.js';
import { post } from './raw-http.js';

export class GreetRequest {
  @IsString() @Length(1, 20) name!: string;
}

export class OrderLine {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

export class OrderRequest {
  @IsEmail() customer!: string;
  @IsArray() @ArrayNotEmpty() @ValidateNested({ each: true }) @Type(() => OrderLine) lines!: OrderLine[];
}

@Event('desk.noted')
export class Noted {
  @IsString() text!: string;
}

/** A service that bad callers talk to, and that is a bad service itself where it is asked to be. */
@Service('desk', { version: '1.0.0' })
export class Desk {
  /** What reached a handler, in order. */
  readonly received: unknown[] = [];

  constructor(@InjectPublisher(Noted) private readonly noted: Publisher<Noted>) {}

  @Endpoint({ idempotent: true })
  greet(request: GreetRequest): { readonly text: string } {
    this.received.push(request);
    return { text: `Hello ${request.name}` };
  }

  @Endpoint()
  order(request: OrderRequest): { readonly lines: number } {
    this.received.push(request);
    return { lines: request.lines.length };
  }

  /** Takes anything and gives it back. */
  @Endpoint({ request: anything })
  echo(value: unknown): unknown {
    this.received.push(value);
    return value;
  }

  @Endpoint({ request: anything })
  metadata(): Readonly<Record<string, string>> {
    return callContext().metadata;
  }

  /** Puts a pair into the reply's metadata, as a careless handler does with what it was given. */
  @Endpoint({ request: anything })
  stamp({ key, value }: { readonly key: string; readonly value: string }): string {
    callContext().setReplyMetadata(key, value);
    return 'stamped';
  }

  @Endpoint({ request: anything })
  fail({ how }: { readonly how: string }): never {
    throw thrownThings[how];
  }

  @Endpoint({ request: anything })
  give({ what }: { readonly what: string }): unknown {
    return givenThings[what]?.();
  }

  /** Does something that cannot be undone, and then publishes. */
  @Endpoint({ request: anything })
  async note({ text }: { readonly text: unknown }): Promise<void> {
    this.received.push(text);
    await this.noted.publish({ text: text as string });
  }

  @Subscribe(Noted, { queue: 'desk' })
  onNoted(event: Noted): void {
    this.received.push(event);
    if (event.text === 'throw') throw new Error('secret of an event');
  }
}

/** What `fail` throws, by name. Each that is no `ServiceError` holds the word "secret". */
const thrownThings: Readonly<Record<string, unknown>> = {
  string: 'secret text',
  null: null,
  undefined: undefined,
  number: 42,
  error: new TypeError('secret error'),
  object: { code: 'NotFound', message: 'secret object' },
  typed: new ServiceError('AlreadyExists', 'taken\r\nx-evil: 1', { details: { id: 7 } }),
};

/** What `give` returns, by name. */
const givenThings: Readonly<Record<string, () => unknown>> = {
  function: () => ({ items: [{ callback: () => 1 }] }),
  symbol: () => ({ mark: Symbol('secret') }),
  bigint: () => ({ count: 2n ** 70n }),
  cycle: () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    return cycle;
  },
  deep: () => nested(65),
  large: () => 'x'.repeat(4 * 1_024 * 1_024),
};

/** An array in an array, so many deep. */
export function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level += 1) value = [value];
  return value;
}

/** The desk while it is open, over real HTTP. */
export interface OpenDesk {
  /** Where it listens on this machine. */
  readonly port: number;
  readonly desk: Desk;
  /** The app that serves it. */
  readonly app: App;
  /** An app of a stranger in the same fleet. */
  readonly caller: App;
  /** The stranger's client. */
  readonly client: ClientOf<Desk>;
  /** What the server logged, as JSON lines. */
  readonly logged: readonly string[];
}

/**
 * Opens the desk, lets `body` treat it badly, and asserts that it then still answers good calls, that nothing has changed
 * for all objects, and that nothing is left running after `close`.
 */
export async function atDesk(body: (open: OpenDesk) => Promise<void>, ...modules: readonly Module[]): Promise<void> {
  await leavingNothing(async () => {
    const fleet = new TestFleet('http');
    try {
      const open = await opened(fleet, modules);
      await body(open);
      await stillServes(open);
    } finally {
      await fleet.close();
    }
  });
}

async function opened(fleet: TestFleet, modules: readonly Module[]): Promise<OpenDesk> {
  const logged: string[] = [];
  const logger = consoleLogger({ level: 'warn', format: 'json', write: (line) => logged.push(line) });
  const app = await fleet.start({ services: [Desk], modules: [logger, ...modules] });
  const caller = await fleet.start();
  const port = Number(app.address?.listen.split(':').at(-1));
  return { port, desk: app.get(Desk), app, caller, client: caller.client(Desk), logged };
}

async function stillServes({ port, client }: OpenDesk): Promise<void> {
  expect(Reflect.ownKeys(Object.prototype), 'what every object has').toEqual(everyObject);
  expect(Reflect.get({}, 'polluted'), 'pollution').toBeUndefined();
  const raw = await post(port, '/desk/Desk.Greet', '{"name":"Ada"}');
  expect([raw.status, raw.body.toString()]).toEqual([200, '{"text":"Hello Ada"}']);
  expect(await client.greet({ name: 'Ada' })).toEqual({ text: 'Hello Ada' });
}

const everyObject = Reflect.ownKeys(Object.prototype);
