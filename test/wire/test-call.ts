import {
  type Call,
  type CancelListener,
  type Cancellation,
  type Connection,
  type EndpointKind,
  noMetadata,
  type Reply,
  ServiceError,
} from '@tenon/contract';

// How a transport's tests call the service `greeter`, without a client around it.

/** A call with what a test does not care about left out. */
export type TestCall = Partial<Omit<Call, 'endpoint' | 'deadline' | 'value'>> & {
  readonly timeoutMs?: number;
  readonly service?: string;
};

/** One unary call. */
export function call(connection: Connection, name: string, value: unknown, rest: TestCall = {}): Promise<Reply> {
  return connection.unary(callTo(name, 'unary', value, rest));
}

/** One stream. */
export function stream(
  connection: Connection,
  name: string,
  kind: EndpointKind,
  value: unknown,
  rest: TestCall = {},
): Promise<Reply> {
  return connection.stream(callTo(name, kind, value, rest));
}

/** What a cancelled call listens to. */
export class TestCancellation implements Cancellation {
  canceled: ServiceError | undefined;
  readonly #listeners = new Set<CancelListener>();

  listen(listener: CancelListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: CancelListener): void {
    this.#listeners.delete(listener);
  }

  cancel(): void {
    const reason = new ServiceError('Canceled', 'enough', { executed: 'no' });
    this.canceled = reason;
    for (const listener of [...this.#listeners]) listener.onCancel(reason);
  }
}

/** All of some messages. */
export async function allOf<T = unknown>(messages: AsyncIterable<T> | undefined): Promise<T[]> {
  if (messages === undefined) throw new Error('there are no messages');
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

/** Waits for a condition, with a bound. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function callTo(name: string, kind: EndpointKind, value: unknown, rest: TestCall): Call {
  const { metadata = noMetadata, timeoutMs = 10_000, service = 'greeter', ...others } = rest;
  return {
    endpoint: { service, name: `Greeter.${name}`, kind, idempotent: false },
    value,
    metadata,
    deadline: performance.now() + timeoutMs,
    ...others,
  };
}
