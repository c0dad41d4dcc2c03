import {
  Clock,
  InboxStore,
  type InterceptedCall,
  Interceptor,
  Logger,
  Meter,
  matchesTopic,
  type Next,
  noMetadata,
  optional,
  type Provider,
  provide,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { silentMeter } from '@tenon/contract/authoring';
import { type CallContext, callContext } from '../context/index.js';
import { telemetryOf } from '../telemetry/index.js';
import { claim } from './claim.js';
import { type InboxOptions, resolveInboxOptions } from './inbox-options.js';
import { PatientStore } from './patient-store.js';

/**
 * Gives events delivered at least once an effect that happens exactly once: one that was handled and comes again is acknowledged without
 * being handled again. Bind it beside an {@link InboxStore}, such as `memoryInbox()` or that of `@tenon/inbox-nats`.
 *
 * Events are told apart by their message's id, per queue; without a queue per instance. While one member of a queue handles an
 * event, another that gets it too waits for the outcome: it handles it itself where the first one fails, or dies and says nothing for
 * `holdMs`. A store that does not answer is waited for; until then nothing is handled. An error of the handler passes, and frees the event.
 *
 * What remains, `docs/messaging.md` names it: a process that dies after the effect and before the store was told, and one that is cut
 * off from the store for `holdMs` while it handles, leave an effect that happens once more.
 *
 * @throws ServiceError `InvalidArgument` that names the option.
 */
export function inbox(options: InboxOptions = {}): Provider<Interceptor> {
  const { holdMs, topics } = resolveInboxOptions(options);
  return provide(Interceptor, [InboxStore, Clock, Logger, optional(Meter)], (given, clock, logger, meter) => {
    const { inboxRepeats, inboxUnnoted } = telemetryOf(meter ?? silentMeter());
    const store = new PatientStore(given, { clock, logger, holdMs });
    return {
      name: 'inbox',
      places: ['server'],
      async intercept(call: InterceptedCall, next: Next): Promise<Reply> {
        if (call.kind !== 'event') return next(call);
        const context = callContext();
        const key = keyOf(context);
        if (key === undefined || !topics.some((topic) => matchesTopic(topic, context.endpoint))) return next(call);
        const labels = { service: context.service, subscription: context.subscription?.name ?? '' };
        const onLost = (): void => {
          logger.error('an event is handled by somebody else too: no sign of life reached the store', { key, holdMs });
          context.cancel(takenOver(holdMs));
        };
        const claimed = await claim(key, { store, clock, holdMs, signal: call.signal, onLost });
        if (claimed === 'handled') {
          inboxRepeats.add(1, labels);
          return { value: undefined, metadata: noMetadata };
        }
        let reply: Reply;
        try {
          reply = await next(call);
        } catch (thrown) {
          await claimed.release();
          throw thrown;
        }
        if (!(await claimed.handled())) inboxUnnoted.add(1, labels);
        return reply;
      },
    };
  });
}

/** For the handler's signal: a handler that looks at it can still stop. */
function takenOver(holdMs: number): ServiceError {
  const text = `no sign of life reached the inbox's store for ${holdMs} ms, and somebody else handles the event now`;
  return new ServiceError('Aborted', text);
}

/** What tells an effect from all others: the event, and who is to have it once. */
function keyOf({ delivery, subscription, node }: CallContext): string | undefined {
  if (delivery === undefined || subscription === undefined) return undefined;
  const { name, topic, queue } = subscription;
  const whose = queue === undefined ? `instance ${node} ${name}` : `queue ${queue}`;
  return `${whose}\n${topic}\n${delivery.message.id}`;
}
