import {
  type BuildPlan,
  Built,
  type Clock,
  type Delivery,
  type Intercept,
  type Logger,
  noMetadata,
  type Reply,
  type ServedSubscription,
  ServiceError,
  Unprocessable,
} from '@tenon/contract';
import type { CodecSet } from '@tenon/contract/authoring';
import { CallContext, type EventSubscription, runInContext } from '../context/index.js';
import { type Chain, chain } from '../interceptors/chain.js';
import type { SeenCall } from '../interceptors/seen-call.js';
import type { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { isThenable } from './is-thenable.js';
import { seenCall } from './route.js';
import { type Placed, RunningCalls } from './running-calls.js';

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
  readonly #running = new RunningCalls<RunningEvent>();
  readonly #handled = Promise.resolve();

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
  handle(delivery: Delivery): Promise<void> {
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
    const running: RunningEvent = { context, place: -1 };
    this.#running.add(running);
    try {
      const serving = runInContext(context, this.#serve, context);
      if (serving instanceof Promise) return serving.then(() => this.#running.remove(running), this.#failed(running));
      if (isThenable(serving))
        return Promise.resolve(serving).then(() => this.#running.remove(running), this.#failed(running));
      this.#running.remove(running);
      return this.#handled;
    } catch (thrown) {
      return Promise.reject(thrown).catch(this.#failed(running));
    }
  }

  #failed(running: RunningEvent): (thrown: unknown) => never {
    return (thrown) => {
      this.#running.remove(running);
      const { name } = this.subscription;
      const { delivery, requestId, endpoint: topic } = running.context;
      const facts = { subscriber: name, topic, id: delivery?.message.id, attempt: delivery?.attempt, requestId };
      const error = thrown instanceof Unprocessable ? thrown.serviceError : thrown;
      this.parts.logger.error('an event was not handled', { ...facts, error });
      throw thrown;
    };
  }

  /** Aborts the signals of the handlers that run. */
  cancelAll(reason: Parameters<CallContext['cancel']>[0]): void {
    for (const { context } of this.#running.all()) context.cancel(reason);
  }

  /** Without interceptors and later rules there is no promise but the handler's own: Node pays for each that it sees in a context. */
  readonly #serve = (context: CallContext): unknown => {
    if (this.#early !== undefined) {
      const call = seenCall({ context }, 'event', undefined, undefined);
      return this.#early.around(call, { reach: (seen) => this.#intercepted(seen, context) });
    }
    if (this.#around !== undefined) return this.#intercepted(undefined, context);
    const event = this.#built(context);
    return event instanceof Promise
      ? event.then((built) => this.#handle(built, context))
      : this.#handle(event, context);
  };

  async #intercepted(seen: SeenCall | undefined, context: CallContext): Promise<Reply> {
    const event = await this.#built(context);
    if (this.#around === undefined) {
      await this.#handle(event, context);
      return nothing;
    }
    const call = seen?.with(event, undefined) ?? seenCall({ context }, 'event', event, undefined);
    return this.#around.around(call, {
      reach: async (left) => {
        await this.#handle(left.value, context);
        return nothing;
      },
    });
  }

  /** Trying again does not help what cannot be read or breaks a rule. A promise where a rule takes its time. */
  #built({ delivery }: CallContext): unknown {
    const { contentType, body } = (delivery as Delivery).message;
    try {
      const value = this.parts.codecs.of(contentType).decode(body, this.subscription.event, this.#plan);
      if (value instanceof Built) return value.value;
      const checked = this.#checked(value);
      return checked instanceof Promise ? checked.catch(unprocessable) : checked;
    } catch (thrown) {
      return unprocessable(thrown);
    }
  }

  #checked(value: unknown): unknown {
    return this.#validate === undefined ? value : this.#validate(value);
  }

  #handle(event: unknown, context: CallContext): unknown {
    if (context.canceled !== undefined) throw context.canceled;
    return this.subscription.handle(event);
  }
}

/** An event whose handler runs. */
interface RunningEvent extends Placed {
  readonly context: CallContext;
}

function unprocessable(thrown: unknown): never {
  throw new Unprocessable(ServiceError.from(thrown).message, { cause: thrown });
}

const nothing: Reply = Object.freeze({ value: undefined, metadata: noMetadata });
