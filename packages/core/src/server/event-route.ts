import {
  type BuildPlan,
  Built,
  type Clock,
  type Delivery,
  type Intercept,
  type Logger,
  noMetadata,
  type Reply,
  type Schema,
  type ServedSubscription,
  ServiceError,
  Unprocessable,
} from '@tenon/contract';
import type { CodecSet } from '@tenon/contract/authoring';
import { CallContext, type EventSubscription, runInContext } from '../context/index.js';
import { type Chain, chain } from '../interceptors/chain.js';
import type { SeenCall } from '../interceptors/seen-call.js';
import type { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { seenCall } from './route.js';

/** What the way of an event is made of, beside the subscription itself. */
export interface EventParts {
  readonly codecs: CodecSet;
  readonly schemas: CompiledSchemas;
  readonly early: readonly Intercept[];
  readonly server: readonly Intercept[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The way of one subscription's events: early interceptors → decode → validate → interceptors → handler. */
export class EventRoute {
  readonly #early: Chain | undefined;
  readonly #around: Chain | undefined;
  readonly #validate: ((value: unknown) => unknown) | undefined;
  readonly #plan: BuildPlan | undefined;
  readonly #from: EventSubscription;
  readonly #running = new Set<CallContext>();

  constructor(
    private readonly service: string,
    private readonly node: string,
    readonly subscription: ServedSubscription,
    private readonly parts: EventParts,
  ) {
    this.#early = chain(parts.early);
    this.#around = chain([...parts.server, ...subscription.interceptors]);
    const compiled = parts.schemas.of(subscription.event);
    this.#validate = compiled?.validate;
    this.#plan = compiled?.plan;
    const { name, topic, options } = subscription;
    this.#from = Object.freeze({ name, topic, queue: options.queue });
  }

  /** Handles one delivery. Rejects where it was not handled, so that the broker does not acknowledge it; logged here. */
  async handle(delivery: Delivery): Promise<void> {
    const { message, topic } = delivery;
    const context = new CallContext({
      service: this.service,
      endpoint: topic,
      metadata: message.metadata,
      deadline: Number.POSITIVE_INFINITY,
      peer: undefined,
      node: this.node,
      clock: this.parts.clock,
      delivery,
      subscription: this.#from,
    });
    this.#running.add(context);
    try {
      await runInContext(context, () => this.#serve(delivery, context));
    } catch (thrown) {
      const { name } = this.subscription;
      const facts = {
        subscriber: name,
        topic,
        id: message.id,
        attempt: delivery.attempt,
        requestId: context.requestId,
      };
      const error = thrown instanceof Unprocessable ? thrown.serviceError : thrown;
      this.parts.logger.error('an event was not handled', { ...facts, error });
      throw thrown;
    } finally {
      this.#running.delete(context);
    }
  }

  /** Aborts the signals of the handlers that run. */
  cancelAll(reason: Parameters<CallContext['cancel']>[0]): void {
    for (const context of this.#running) context.cancel(reason);
  }

  async #serve(delivery: Delivery, context: CallContext): Promise<void> {
    const decoded = async (seen: SeenCall | undefined): Promise<Reply> => {
      const { event } = this.subscription;
      const { contentType, body } = delivery.message;
      const built = await this.#built(contentType, body, event);
      if (this.#around === undefined) return this.#handle(built, context);
      const call = seen?.with(built, undefined) ?? seenCall({ context }, 'event', built, undefined);
      return this.#around.around(call, { reach: (left) => this.#handle(left.value, context) });
    };
    if (this.#early === undefined) {
      await decoded(undefined);
      return;
    }
    await this.#early.around(seenCall({ context }, 'event', undefined, undefined), { reach: decoded });
  }

  /** Trying again does not help what cannot be read or breaks a rule. */
  async #built(contentType: string, body: Uint8Array, event: Schema | undefined): Promise<unknown> {
    try {
      const value = this.parts.codecs.of(contentType).decode(body, event, this.#plan);
      return value instanceof Built ? value.value : await this.#checked(value);
    } catch (thrown) {
      throw new Unprocessable(ServiceError.from(thrown).message, { cause: thrown });
    }
  }

  #checked(value: unknown): unknown {
    return this.#validate === undefined ? value : this.#validate(value);
  }

  async #handle(event: unknown, context: CallContext): Promise<Reply> {
    if (context.canceled !== undefined) throw context.canceled;
    await this.subscription.handle(event);
    return { value: undefined, metadata: noMetadata };
  }
}
