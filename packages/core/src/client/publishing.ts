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
  async publish(topic: string, value: unknown, options: EventOptions): Promise<void> {
    try {
      await this.#publish(topic, value, options);
    } catch (thrown) {
      const error = ServiceError.from(thrown);
      throw error.with({ endpoint: error.endpoint ?? topic });
    }
  }

  async #publish(topic: string, value: unknown, options: EventOptions): Promise<void> {
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
    const send = (event: unknown, metadata: Metadata): Promise<void> =>
      this.#send(broker, topic, event, metadata, options);
    const metadata = checkedMetadata(options.metadata);
    if (this.around === undefined) return send(value, metadata);
    const deadline = Number.POSITIVE_INFINITY;
    await this.around.around(
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
          await send(call.value, checkedMetadata(call.metadata));
          return { value: undefined, metadata: noMetadata };
        },
      },
    );
  }

  async #send(
    broker: Broker,
    topic: string,
    event: unknown,
    metadata: Metadata,
    { schema, id, contentType = this.options.contentType ?? broker.contentType, delivery, signal }: EventOptions,
  ): Promise<void> {
    const body = await this.#body(event, contentType, schema);
    await broker.publish(
      topic,
      { id: id ?? crypto.randomUUID(), timeMs: this.clock.wallTime(), contentType, metadata, body },
      { delivery, signal },
    );
  }

  /** Nothing has left before this is done. */
  async #body(event: unknown, contentType: string, schema: Schema | undefined): Promise<Uint8Array> {
    try {
      await this.schemas.of(schema)?.validate(event);
      return this.codecs.of(contentType).encode(event, schema);
    } catch (thrown) {
      throw ServiceError.from(thrown).with({ executed: 'no' });
    }
  }
}

type EventOptions = PublishOptions & { readonly schema?: Schema | undefined };
