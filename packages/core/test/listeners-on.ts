import { getEventListeners } from 'node:events';

/** How many listen to a signal: zero after every call has ended, or the signal keeps them for as long as it lives. */
export function listenersOn(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}
