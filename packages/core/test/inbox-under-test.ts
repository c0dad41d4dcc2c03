import { jsonCodec } from '@tenon/codec-json';
import {
  type Clock,
  type Codec,
  type Delivery,
  type InboxStore,
  type Interceptor,
  type Provider,
  ServiceError,
  type SubscribeOptions,
} from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import { MemoryInboxStore, memoryInbox } from '@tenon/inbox-memory';
import { FakeClock } from '@tenon/testing/fake-clock';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { type InboxOptions, inbox } from '../src/inbox/index.js';
import { CompiledSchemas } from '../src/schemas/compiled-schemas.js';
import { EventRoute } from '../src/server/event-route.js';
import { servedSubscription } from './greeter.js';
import { deliveryOf } from './journalled-parts.js';
import { NameValidator } from './name-validator.js';
import { RecordingLogger } from './recording-logger.js';

/** Where a member stands: whose events it gets, and who it is. */
export interface Place {
  readonly node?: string;
  readonly topic?: string;
  readonly queue?: string | undefined;
  readonly inbox?: InboxOptions;
}

/** Members of queues that share one store, in one process and on one clock, each with faults of its own. */
export class InboxUnderTest {
  readonly clock = new FakeClock();
  readonly meter = new RecordingMeter();
  readonly logger = new RecordingLogger();
  readonly table = new MemoryInboxStore();

  member(handle: (event: unknown) => unknown, place: Place = {}): Member {
    return new Member(this, handle, place);
  }
}

/** One subscription of one process. */
export class Member {
  /** How many of the next writes take effect, but are not answered. */
  unanswered = 0;
  /** What each answer to a write waits for. */
  answersAfter: Promise<void> = Promise.resolve();
  /** Whether the store is out of this member's reach. */
  isCut = false;
  /** What the store says to everything, where it says something. */
  refusal: ServiceError | undefined;
  readonly #route: EventRoute;

  constructor(under: InboxUnderTest, handle: (event: unknown) => unknown, place: Place) {
    const { clock, logger, meter, table } = under;
    const good = (memoryInbox({ store: table }).create as (clock: Clock) => InboxStore)(clock);
    const reached = <T>(ask: () => Promise<T>): Promise<T> => {
      if (this.isCut) return Promise.reject(new ServiceError('Unavailable', 'the store is away'));
      return this.refusal === undefined ? ask() : Promise.reject(this.refusal);
    };
    const store: InboxStore = {
      read: (key) => reached(() => good.read(key)),
      write: (key, mark, revision) =>
        reached(async () => {
          const written = await good.write(key, mark, revision);
          await this.answersAfter;
          if (this.unanswered === 0) return written;
          this.unanswered -= 1;
          throw new ServiceError('Unavailable', 'the answer was lost');
        }),
      remove: (key, revision) => reached(() => good.remove(key, revision)),
      close: () => good.close(),
    };
    const { node = 'n1', topic = 'user.created', inbox: options } = place;
    const subscribed: SubscribeOptions = { queue: 'queue' in place ? place.queue : 'mails' };
    const interceptor = (inbox(options).create as (...parts: readonly unknown[]) => Interceptor)(
      store,
      clock,
      logger,
      meter,
    );
    const codec = ((jsonCodec() as Provider<Codec>).create as () => Codec)();
    this.#route = new EventRoute('greeter', node, servedSubscription(handle, { topic, options: subscribed }), {
      codecs: new CodecSet([codec]),
      schemas: new CompiledSchemas(new NameValidator()),
      early: [],
      server: [(call, next) => interceptor.intercept(call, next)],
      clock,
      logger,
    });
  }

  /** One delivery of an event. */
  async gets(id: string, changes: Partial<Delivery> = {}): Promise<void> {
    await this.#route.handle({ ...deliveryOf({ name: id }, { id }), ...changes });
  }

  /** Ends what it handles, as a drain that takes too long does. */
  cancelAll(): void {
    this.#route.cancelAll(new ServiceError('Canceled', 'the server stops'));
  }
}
