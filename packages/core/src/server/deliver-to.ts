import { type Message, matchesTopic, ServiceError, Unprocessable } from '@tenon/contract';
import type { EventRoute } from './event-route.js';

/**
 * Hands an event that came as a request, and not through the broker, to each subscription of its topic, one after the
 * other: its sender waits for the outcome, and is the one to try again.
 *
 * @throws ServiceError `NotFound`, `executed: 'no'`, where there is none; the first failure when all have been asked.
 */
export async function deliverTo(events: readonly EventRoute[], topic: string, message: Message): Promise<void> {
  const routes = events.filter(({ subscription }) => matchesTopic(subscription.topic, topic));
  if (routes.length === 0) throw nobodySubscribes(topic);
  const failures: unknown[] = [];
  for (const route of routes) {
    await route.handle({ topic, message, attempt: 1 }).catch((thrown: unknown) => failures.push(thrown));
  }
  const [first] = failures;
  if (first !== undefined) throw first instanceof Unprocessable ? first.serviceError : handlerFailure(first);
}

/** To the sender of an event for which there is no subscription. */
export function nobodySubscribes(topic: string): ServiceError {
  const shown = JSON.stringify(topic.slice(0, 100));
  return ServiceError.refusal('NotFound', `nobody subscribes to ${shown} here`, { executed: 'no' });
}

/** What a handler threw is logged where it ran; its text is for nobody else. */
function handlerFailure(thrown: unknown): ServiceError {
  return thrown instanceof ServiceError ? thrown : new ServiceError('Internal', 'the event was not handled');
}
