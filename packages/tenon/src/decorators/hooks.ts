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

export const onStartKey = Symbol.for('tenon.on-start');
export const onStopKey = Symbol.for('tenon.on-stop');
