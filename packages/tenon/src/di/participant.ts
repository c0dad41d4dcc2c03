import { Clock, type Lifecycle, Logger, seams } from '@tenon/contract';
import type { DrainHook, DrainMoment } from '@tenon/core';
import { type DeclaredDrainHook, onDrainKey, onStartKey, onStopKey } from '../decorators/hooks.js';
import { inheritedMetadata } from '../metadata.js';

/** One object whose life the app runs, with what it wants to be called for. */
export interface Participant {
  /** For errors and logs: `EtcdRegistry`, `Orders`. */
  readonly name: string;
  /** The seam that it fills, if it fills one. */
  readonly seam: string | undefined;
  /** It needs nobody that starts, so it may start beside others: two missing back ends are then both named at once. */
  readonly independent: boolean;
  readonly start: ((signal: AbortSignal) => unknown) | undefined;
  readonly drain: ((signal: AbortSignal) => unknown) | undefined;
  readonly close: (() => unknown) | undefined;
  /** What it does at moments of a drain. */
  readonly drainHooks?: readonly { readonly moment: DrainMoment; readonly name: string; readonly run: DrainHook }[];
}

/** A provider's instance takes part by the methods of `Lifecycle`. */
export function providerParticipant(instance: object, token: unknown, dependencies: readonly unknown[]): Participant {
  const lifecycle = instance as Lifecycle;
  const bound = <K extends 'start' | 'drain' | 'close'>(method: K): Participant[K] =>
    typeof lifecycle[method] === 'function'
      ? (...signal: [AbortSignal?]) => lifecycle[method]?.(signal[0] as AbortSignal)
      : undefined;
  return {
    name: nameOf(instance, token),
    seam: seams.find((seam) => seam === token)?.name,
    independent: dependencies.every((dependency) => dependency === Logger || dependency === Clock),
    start: bound('start'),
    drain: bound('drain'),
    close: bound('close'),
  };
}

/**
 * An instance of an application's class takes part by what it decorates with `@OnStart`, `@OnStop` and `@OnDrain`. What began is
 * ended, once: when the app drains, or where it closes without draining, also after a later part failed to start.
 */
export function classParticipant(instance: object): Participant | undefined {
  const [starts, stops] = [hooksOf(instance, onStartKey), hooksOf(instance, onStopKey)];
  const name = instance.constructor.name;
  const declared = inheritedMetadata<readonly DeclaredDrainHook[]>(onDrainKey, instance.constructor) ?? [];
  const drainHooks = declared.map(({ moment, method }) => ({
    moment,
    name: `${name}.${method}`,
    run: hookOf(instance, method),
  }));
  if (starts.length === 0 && stops.length === 0 && drainHooks.length === 0) return undefined;
  let began = false;
  const stop = async (signal: AbortSignal): Promise<void> => {
    if (!began) return;
    began = false;
    for (const hook of stops) await hook(signal);
  };
  return {
    name,
    seam: undefined,
    independent: false,
    start: async (signal) => {
      for (const hook of starts) await hook(signal);
      began = true;
    },
    drain: stop,
    close: () => stop(AbortSignal.abort()),
    drainHooks,
  };
}

type Hook = (signal: AbortSignal) => unknown;

function hooksOf(instance: object, key: symbol): readonly Hook[] {
  const methods = inheritedMetadata<readonly string[]>(key, instance.constructor) ?? [];
  return methods.map((method) => hookOf(instance, method));
}

function hookOf(instance: object, method: string): Hook {
  return (signal) => Reflect.get(instance, method).call(instance, signal);
}

function nameOf(instance: object, token: unknown): string {
  const own = instance.constructor?.name;
  if (own !== undefined && own !== 'Object') return own;
  return typeof token === 'function' ? token.name : String(token);
}
