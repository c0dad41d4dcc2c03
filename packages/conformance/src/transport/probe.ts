import {
  type Call,
  type CallHandler,
  type Connection,
  type IncomingCall,
  type Listener,
  type Node,
  noMetadata,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { eventually, within } from '../eventually.js';
import type { CaseLimits } from '../suite.js';
import type { TransportFixture, TransportServerSide } from './fixture.js';

/** What the server of a case does with the calls to one endpoint. */
export type Answer = (call: IncomingCall) => Reply | Promise<Reply>;

/** A call, with what a case does not care about left out. */
export type ProbeCall = Partial<Omit<Call, 'endpoint' | 'deadline'>> & { readonly timeoutMs?: number };

/** Runs a case against a listening server and one connection to it, and closes both, also where the case fails. */
export async function withProbe(
  fixture: TransportFixture,
  limits: CaseLimits,
  answers: Readonly<Record<string, Answer>>,
  run: (probe: Probe) => Promise<void>,
): Promise<void> {
  const handler = new ProbeHandler(answers);
  const side = await fixture.serve();
  const listener = await side.transport.listen(side.port, handler);
  try {
    const node = await side.open(listener);
    const connection = await fixture.client.dial(node, { service: 'probe' });
    try {
      await run(new Probe({ fixture, limits, handler, side, listener, node, connection }));
    } finally {
      handler.releaseAll();
      await within(connection.close(), limits.patienceMs, 'connection.close()');
    }
  } finally {
    await within(listener.close(), limits.patienceMs, 'listener.close()');
  }
}

interface ProbeParts {
  readonly fixture: TransportFixture;
  readonly limits: CaseLimits;
  readonly handler: ProbeHandler;
  readonly side: TransportServerSide;
  readonly listener: Listener;
  readonly node: Node;
  readonly connection: Connection;
}

/** What a case works with. Two endpoints are always there: `echo`, and `hold`, which answers when it is released. */
export class Probe {
  readonly side: TransportServerSide;
  readonly listener: Listener;
  readonly node: Node;
  readonly connection: Connection;
  readonly #fixture: TransportFixture;
  readonly #limits: CaseLimits;
  readonly #handler: ProbeHandler;

  constructor(parts: ProbeParts) {
    this.side = parts.side;
    this.listener = parts.listener;
    this.node = parts.node;
    this.connection = parts.connection;
    this.#fixture = parts.fixture;
    this.#limits = parts.limits;
    this.#handler = parts.handler;
  }

  /** Every call that reached the handler, oldest first. */
  get received(): readonly IncomingCall[] {
    return this.#handler.received;
  }

  /** What the held calls heard through `onCancel`, oldest first. */
  get cancels(): readonly ServiceError[] {
    return this.#handler.cancels;
  }

  /** One call over the connection, with a deadline far away and a bounded wait. */
  call(endpoint: string, call: ProbeCall = {}): Promise<Reply> {
    return this.callOver(this.connection, endpoint, call);
  }

  /** One call over another connection. */
  callOver(connection: Connection, endpoint: string, call: ProbeCall = {}): Promise<Reply> {
    const { timeoutMs = 30_000, value, metadata = noMetadata, ...rest } = call;
    const reply = connection.unary({
      ...rest,
      value,
      metadata,
      endpoint: { service: 'probe', name: endpointName(endpoint), kind: 'unary', idempotent: false },
      deadline: this.#fixture.clock.now() + timeoutMs,
    });
    return this.bounded(reply, `the call to ${endpoint}`);
  }

  /** Sends an echo and takes the reply's value: shows that the connection and the server still work. */
  async echo(value: unknown): Promise<unknown> {
    return (await this.call('echo', { value })).value;
  }

  /** A call that the server holds: resolves once it arrived there. `outcome` is its reply or its error. */
  async holdCall(call: ProbeCall = {}): Promise<{ readonly outcome: Promise<Reply | ServiceError> }> {
    const before = this.#handler.holding;
    const outcome = this.call('hold', call).catch((thrown: unknown) => ServiceError.from(thrown));
    await this.eventually(() => {
      if (this.#handler.holding <= before) throw new Error('the held call did not reach the handler');
    });
    return { outcome };
  }

  /** Lets every held call be answered with the word `held`. */
  release(): void {
    this.#handler.releaseAll();
  }

  /** Waits for a condition, for as long as the suite has patience. */
  eventually<T>(check: () => Promise<T> | T): Promise<T> {
    return eventually(check, { withinMs: this.#limits.patienceMs });
  }

  /** The same promise, failing where it stays pending for twice as long as the suite has patience. */
  bounded<T>(promise: Promise<T>, what: string): Promise<T> {
    return within(promise, this.#limits.patienceMs * 2, what);
  }
}

function endpointName(endpoint: string): string {
  return `Probe.${endpoint.charAt(0).toUpperCase()}${endpoint.slice(1)}`;
}

class ProbeHandler implements CallHandler {
  readonly received: IncomingCall[] = [];
  readonly cancels: ServiceError[] = [];
  readonly #answers: ReadonlyMap<string, Answer>;
  #held: (() => void)[] = [];
  holding = 0;

  constructor(answers: Readonly<Record<string, Answer>>) {
    const all: Record<string, Answer> = { echo, hold: (call) => this.#hold(call), ...answers };
    this.#answers = new Map(Object.entries(all).map(([endpoint, answer]) => [endpointName(endpoint), answer]));
  }

  async unary(call: IncomingCall): Promise<Reply> {
    this.received.push(call);
    const answer = this.#answers.get(call.endpoint);
    if (answer !== undefined) return answer(call);
    throw new ServiceError('Unimplemented', `there is no endpoint ${call.endpoint}`, { executed: 'no' });
  }

  releaseAll(): void {
    for (const release of this.#held.splice(0)) release();
  }

  async #hold(call: IncomingCall): Promise<Reply> {
    call.onCancel((reason) => this.cancels.push(reason));
    this.holding += 1;
    await new Promise<void>((resolve) => this.#held.push(resolve));
    return { value: 'held', metadata: noMetadata };
  }
}

/** Sends back the value, and the metadata whose keys begin with `echo-`. */
const echo: Answer = (call) => ({
  value: call.decode(),
  metadata: Object.fromEntries(Object.entries(call.metadata).filter(([key]) => key.startsWith('echo-'))),
});
