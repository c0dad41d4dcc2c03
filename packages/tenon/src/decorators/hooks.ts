import type { DrainMoment } from '@tenon/core';
import { appendMetadata } from '../metadata.js';

/**
 * Calls the method when the app starts, before the server listens; with an `AbortSignal` that is aborted when starting
 * takes too long. A rejection stops the start.
 */
export function OnStart(): MethodDecorator {
  return (prototype, method) => appendMetadata(onStartKey, String(method), prototype.constructor);
}

/**
 * Calls the method when the app stops, after the last call and event were handled; with an `AbortSignal` that is aborted
 * when the time to drain is over, and from the beginning where the app is closed at once. Called once, and only where
 * `@OnStart` of the class had succeeded.
 */
export function OnStop(): MethodDecorator {
  return (prototype, method) => appendMetadata(onStopKey, String(method), prototype.constructor);
}

/**
 * Calls the method while the app drains, at one moment of it, with an `AbortSignal` that is aborted when its time is over
 * (5 s, or that of the whole drain). The drain waits for it; one that throws or hangs is logged, and the drain goes on.
 *
 * @param moment - `notReady`: health checks fail already, calls still come. `deregistered`: the registry does not name this
 * node any more. `peersTold`: new calls and events are refused. `finished`: what was in hand has ended.
 */
export function OnDrain(moment: DrainMoment): MethodDecorator {
  return (prototype, method) =>
    appendMetadata<DeclaredDrainHook>(onDrainKey, { moment, method: String(method) }, prototype.constructor);
}

/** What `@OnDrain` leaves at a class. */
export interface DeclaredDrainHook {
  readonly moment: DrainMoment;
  readonly method: string;
}

export const onDrainKey = Symbol.for('tenon.on-drain');
export const onStartKey = Symbol.for('tenon.on-start');
export const onStopKey = Symbol.for('tenon.on-stop');
