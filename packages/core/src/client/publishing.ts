import { randomUUID } from 'node:crypto';
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

/** The way of an event out: interceptors, validation, encoding, broker. */
export class Publishing {
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
      return this.#publish(topic, value, options).then(nothing, (thrown: unknown) => {
        throw named(thrown, topic);
      });
    } catch (thrown) {
      return Promise.reject(named(thrown, topic));
    }
  }

  /** Without interceptors and later rules the broker has the message before this returns: no promise stands between. */
  #publish(topic: string, value: unknown, options: EventOptions): Promise<unknown> {
    const broker = this.broker;
    if (broker === undefined) {
      throw new ServiceError(
        'FailedPrecondition',
        `"${topic}" cannot be published: no broker is bound; add one to modules, such as natsBroker()`,
        {
          executed: 'no',
        },
      );
    }
    checkedTopic(topic);
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
    const { schema, contentType = this.options.contentType ?? broker.contentType } = options;
    const give = (body: Uint8Array): Promise<void> => {
      const { id = randomUUID(), delivery, signal } = options;
      const message = { id, timeMs: this.clock.wallTime(), contentType, metadata, body };
      return broker.publish(topic, message, { delivery, signal });
    };
    const checking = this.#checked(event, schema);
    if (checking instanceof Promise) return checking.then(() => give(this.#body(event, contentType, schema)));
    return give(this.#body(event, contentType, schema));
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

function nothing(): void {}

type EventOptions = PublishOptions & { readonly schema?: Schema | undefined };
