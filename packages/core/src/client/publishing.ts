import {
  type Broker,
  type Clock,
  checkedMetadata,
  checkedTopic,
  type Metadata,
  noMetadata,
  type PublishOptions,
  type Reply,
  type Schema,
  ServiceError,
} from '@tenon/contract';
import type { CodecSet } from '@tenon/contract/authoring';
import type { Chain } from '../interceptors/chain.js';
import { SeenCall } from '../interceptors/seen-call.js';
import type { CompiledSchemas } from '../schemas/compiled-schemas.js';
import type { ResolvedClientOptions } from './client-options.js';
import { RandomUuids } from './random-uuids.js';

/** The way of an event out: interceptors, validation, encoding, broker. */
export class Publishing {
  /** The last topic that was found to be one. */
  #topic: string | undefined;
  /** A promise of the broker's that was seen to be fulfilled: it stays so, and brokers that write at once give the same to all. */
  #fulfilled: Promise<unknown> | undefined;
  readonly #ids = new RandomUuids();

  constructor(
    private readonly broker: Broker | undefined,
    private readonly codecs: CodecSet,
    private readonly schemas: CompiledSchemas,
    private readonly around: Chain | undefined,
    private readonly clock: Clock,
    private readonly options: ResolvedClientOptions,
  ) {}

  /** Rejects with `ServiceError`s that name the topic as their endpoint; `executed: 'no'` before the broker had it. */
  publish(topic: string, value: unknown, options: EventOptions): Promise<void> {
    try {
      const published = this.#publish(topic, value, options);
      return published === this.#fulfilled ? (published as Promise<void>) : this.#named(published, topic);
    } catch (thrown) {
      return Promise.reject(named(thrown, topic));
    }
  }

  #named(published: Promise<unknown>, topic: string): Promise<void> {
    return published.then(
      (value) => {
        if (value === undefined) this.#fulfilled = published;
      },
      (thrown: unknown) => {
        throw named(thrown, topic);
      },
    );
  }

  /** Without interceptors and later rules the broker has the message before this returns: no promise stands between. */
  #publish(topic: string, value: unknown, options: EventOptions): Promise<unknown> {
    const broker = this.broker;
    if (broker === undefined) throw unbound(topic);
    if (topic !== this.#topic) this.#topic = checkedTopic(topic);
    const metadata = checkedMetadata(options.metadata);
    if (this.around === undefined) return this.#send(broker, topic, value, metadata, options);
    const deadline = Number.POSITIVE_INFINITY;
    const published = this.around.around(
      new SeenCall(
        { side: 'client', kind: 'event', service: '', endpoint: topic, value, metadata, deadline },
        {
          get signal() {
            return options.signal ?? new AbortController().signal;
          },
        },
      ),
      {
        reach: async (call): Promise<Reply> => {
          await this.#send(broker, topic, call.value, checkedMetadata(call.metadata), options);
          return { value: undefined, metadata: noMetadata };
        },
      },
    );
    return Promise.resolve(published);
  }

  #send(broker: Broker, topic: string, event: unknown, metadata: Metadata, options: EventOptions): Promise<void> {
    const checking = this.#checked(event, options.schema);
    return checking instanceof Promise
      ? checking.then(() => this.#give(broker, topic, event, metadata, options))
      : this.#give(broker, topic, event, metadata, options);
  }

  #give(broker: Broker, topic: string, event: unknown, metadata: Metadata, options: EventOptions): Promise<void> {
    const contentType = options.contentType ?? this.options.contentType ?? broker.contentType;
    const body = this.#body(event, contentType, options.schema);
    const id = options.id ?? this.#ids.next();
    return broker.publish(topic, { id, timeMs: this.clock.wallTime(), contentType, metadata, body }, options);
  }

  /** Nothing has left before this is done: a promise where a rule of the event takes its time. */
  #checked(event: unknown, schema: Schema | undefined): unknown {
    try {
      const checked = this.schemas.of(schema)?.validate(event);
      return checked instanceof Promise ? checked.catch(refuse) : checked;
    } catch (thrown) {
      return refuse(thrown);
    }
  }

  #body(event: unknown, contentType: string, schema: Schema | undefined): Uint8Array {
    try {
      return this.codecs.of(contentType).encode(event, schema);
    } catch (thrown) {
      return refuse(thrown);
    }
  }
}

function refuse(thrown: unknown): never {
  throw ServiceError.from(thrown).with({ executed: 'no' });
}

function named(thrown: unknown, topic: string): ServiceError {
  const error = ServiceError.from(thrown);
  return error.with({ endpoint: error.endpoint ?? topic });
}

function unbound(topic: string): ServiceError {
  return new ServiceError(
    'FailedPrecondition',
    `"${topic}" cannot be published: no broker is bound; add one to modules, such as natsBroker()`,
    { executed: 'no' },
  );
}

type EventOptions = PublishOptions & { readonly schema?: Schema | undefined };
