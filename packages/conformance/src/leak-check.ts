import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { eventually } from './eventually.js';

/** A resource that a provider may leave behind after `close`, because it is out of its hands. */
export interface ToleratedResource {
  /** A part of the stack where it was made, such as `/@grpc/grpc-js/`. */
  readonly createdBy: string;
  /** Only resources of this type, such as `Timeout`. Default: of every type. */
  readonly type?: string | undefined;
  /** Why it may stay. Printed nowhere; written for whoever reads the test. */
  readonly reason: string;
}

/** A resource that was made and not freed. */
export interface Leak {
  /** Node's name for it: `Timeout`, `TCPWRAP`, `PROCESSWRAP`, … */
  readonly type: string;
  /** Where it was made. */
  readonly stack: string;
}

/**
 * Watches what a piece of code opens: timers, sockets, servers, children, workers.
 *
 * It follows asynchronous context rather than comparing `process.getActiveResourcesInfo()`, because that list leaves out
 * timers that do not keep the process alive (which is what `Clock` hands out) and contains those of the test runner.
 */
export class LeakCheck {
  readonly #context = new AsyncLocalStorage<LeakCheck>();
  readonly #open = new Map<number, { readonly type: string; readonly origin: Error }>();
  readonly #hook = createHook({
    init: (id, type) => {
      if (trackedTypes.has(type) && this.#context.getStore() === this) this.#open.set(id, { type, origin: here() });
    },
    destroy: (id) => {
      this.#open.delete(id);
    },
  });
  readonly #tolerated: readonly ToleratedResource[];

  constructor(tolerated: readonly ToleratedResource[] = []) {
    this.#tolerated = tolerated;
    this.#hook.enable();
  }

  /** Runs code whose resources are counted, with all that it starts. */
  run<T>(body: () => T): T {
    return this.#context.run(this, body);
  }

  /** What is still open once everything that ends by itself within the bound has ended. */
  async leaks(withinMs: number): Promise<readonly Leak[]> {
    try {
      await eventually(
        () => {
          if (this.#found().length > 0) throw new Error('not yet');
        },
        { withinMs },
      );
      return [];
    } catch {
      return this.#found();
    }
  }

  /** Stops watching. */
  stop(): void {
    this.#hook.disable();
    this.#open.clear();
  }

  #found(): readonly Leak[] {
    return [...this.#open.values()]
      .map(({ type, origin }) => ({ type, stack: origin.stack ?? '' }))
      .filter((leak) => !this.#tolerated.some((one) => isCoveredBy(leak, one)));
  }
}

/** Handles only: requests and promises end by themselves. TLS and HTTP/2 sessions live on one of these. */
const trackedTypes: ReadonlySet<string> = new Set([
  'Timeout',
  'TCPWRAP',
  'TCPSERVERWRAP',
  'PIPEWRAP',
  'PIPESERVERWRAP',
  'UDPWRAP',
  'PROCESSWRAP',
  'SIGNALWRAP',
  'FSEVENTWRAP',
  'STATWATCHER',
  'WORKER',
]);

function isCoveredBy(leak: Leak, { createdBy, type }: ToleratedResource): boolean {
  return leak.stack.includes(createdBy) && (type === undefined || type === leak.type);
}

function here(): Error {
  const usual = Error.stackTraceLimit;
  // Node's own frames and a library's layers fill the usual ten before the line that a reader looks for.
  Error.stackTraceLimit = 40;
  const origin = new Error('opened here');
  Error.stackTraceLimit = usual;
  return origin;
}
