import assert from 'node:assert/strict';
import {
  type Call,
  type Connection,
  type EndpointKind,
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
import { type Answer, endpointName, ProbeHandler } from './probe-handler.js';
import { kept } from './streams/kept.js';
import { MessageReader } from './streams/message-reader.js';
import { MessageSource } from './streams/message-source.js';

/** A call, with what a case does not care about left out. */
export type ProbeCall = Partial<Omit<Call, 'endpoint' | 'deadline'>> & { readonly timeoutMs?: number };

/** Runs a case against a listening server and one connection to it, and closes both, also where the case fails. */
export async function withProbe(
  fixture: TransportFixture,
  limits: CaseLimits,
  answers: Readonly<Record<string, Answer>>,
  run: (probe: Probe) => Promise<void>,
): Promise<void> {
  await withWay(fixture, limits, answers, async (side, listener) => ({ node: await side.open(listener) }), run);
}

/** The same over a way that the case may freeze. */
export async function withFreezableProbe(
  fixture: TransportFixture,
  limits: CaseLimits,
  run: (probe: Probe, freeze: () => void) => Promise<void>,
): Promise<void> {
  let freeze = (): void => {};
  const open: OpenWay = async (side, listener) => {
    assert.ok(side.openFreezable !== undefined, 'connections have probe(), and the fixture has no openFreezable()');
    const way = await side.openFreezable(listener);
    freeze = () => way.freeze();
    return way;
  };
  await withWay(fixture, limits, {}, open, (probe) => run(probe, freeze));
}

type OpenWay = (side: TransportServerSide, listener: Listener) => Promise<{ readonly node: Node }>;

async function withWay(
  fixture: TransportFixture,
  limits: CaseLimits,
  answers: Readonly<Record<string, Answer>>,
  open: OpenWay,
  run: (probe: Probe) => Promise<void>,
): Promise<void> {
  const handler = new ProbeHandler(answers);
  const side = await fixture.serve();
  const listener = await side.transport.listen(side.port, handler);
  let probe: Probe | undefined;
  try {
    const { node } = await open(side, listener);
    const connection = await fixture.client.dial(node, { service: 'probe' });
    try {
      probe = new Probe({ fixture, limits, handler, side, listener, node, connection });
      await run(probe);
    } finally {
      handler.releaseAll();
      await within(connection.close(), limits.patienceMs, 'connection.close()');
    }
  } finally {
    await within(listener.close(), limits.patienceMs, 'listener.close()');
  }
  await probe.assertNothingSuspended();
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

/** What a case works with: a server with the endpoints of {@link ProbeHandler}, and a connection to it. */
export class Probe {
  readonly side: TransportServerSide;
  readonly listener: Listener;
  readonly node: Node;
  readonly connection: Connection;
  readonly #fixture: TransportFixture;
  readonly #limits: CaseLimits;
  readonly #handler: ProbeHandler;
  readonly #sources: MessageSource[] = [];
  readonly #readers: MessageReader[] = [];

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

  /** What the handler's calls were told through `ServedCall.cancel`, oldest first. */
  get cancels(): readonly ServiceError[] {
    return this.#handler.cancels;
  }

  /** One call over the connection, with a deadline far away and a bounded wait. */
  call(endpoint: string, call: ProbeCall = {}): Promise<Reply> {
    return this.callOver(this.connection, endpoint, call);
  }

  /** One call over another connection. */
  callOver(connection: Connection, endpoint: string, call: ProbeCall = {}): Promise<Reply> {
    return this.bounded(connection.unary(this.#unary(endpoint, call)), `the call to ${endpoint}`);
  }

  /** One call that is answered by call-back, and what its listener was told; of a promise where there is no more. */
  send(endpoint: string, call: ProbeCall = {}): { readonly told: readonly (Reply | ServiceError)[] } {
    const told: (Reply | ServiceError)[] = [];
    const listener = {
      onReply: (reply: Reply) => void told.push(reply),
      onFailure: (error: ServiceError) => void told.push(error),
    };
    const made = this.#unary(endpoint, call);
    const { connection } = this;
    if (connection.send !== undefined) connection.send(made, listener);
    else connection.unary(made).then(listener.onReply, listener.onFailure);
    return { told };
  }

  #unary(endpoint: string, { timeoutMs = 30_000, value, metadata = noMetadata, ...rest }: ProbeCall): Call {
    return {
      ...rest,
      value,
      metadata,
      endpoint: { service: 'probe', name: endpointName(endpoint), kind: 'unary', idempotent: false },
      deadline: this.#fixture.clock.now() + timeoutMs,
    };
  }

  /** Adds an endpoint to the server. */
  serve(endpoint: string, kind: EndpointKind, answer: Answer): void {
    this.#handler.serve(endpoint, kind, answer);
  }

  /** One stream over the connection, without a deadline unless one is given, and a bounded wait for the first message. */
  stream(kind: EndpointKind, endpoint: string, call: ProbeCall = {}): Promise<Reply> {
    const { timeoutMs = Number.POSITIVE_INFINITY, value, metadata = noMetadata, ...rest } = call;
    const reply = this.connection.stream({
      ...rest,
      value,
      metadata,
      endpoint: { service: 'probe', name: endpointName(endpoint), kind, idempotent: false },
      deadline: this.#fixture.clock.now() + timeoutMs,
    });
    return kept(this.bounded(reply, `the ${kind} stream of ${endpoint}`));
  }

  /** Messages to be sent, by either side. */
  source(values: Iterable<unknown> | AsyncIterable<unknown>): MessageSource {
    const source = new MessageSource(values);
    this.#sources.push(source);
    return source;
  }

  /** A reader of messages that arrive, at either side. */
  reader(messages: AsyncIterable<unknown> | undefined): MessageReader {
    assert.ok(messages !== undefined, 'there are no messages where there must be');
    const reader = new MessageReader(messages, (promise, what) => this.bounded(promise, what));
    this.#readers.push(reader);
    return reader;
  }

  /** Waits until producers make no more messages, judged by what else the connection and the process do meanwhile. */
  heldBack(sources: readonly MessageSource[]): Promise<void> {
    const made = () => sources.reduce((sum, source) => sum + source.made, 0);
    return this.eventually(async () => {
      const before = made();
      for (let turn = 0; turn < 20; turn += 1) {
        assert.equal(await this.echo(turn), turn);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(made(), before, 'a producer still makes messages');
    });
  }

  /** Once everything is closed, no producer may be left in its middle, and no reader waiting. */
  async assertNothingSuspended(): Promise<void> {
    await this.eventually(() => {
      const suspended = this.#sources.filter((source) => !source.settled).length;
      assert.equal(suspended, 0, `${suspended} producers of messages were never returned from`);
      const waiting = this.#readers.filter((reader) => reader.waiting).length;
      assert.equal(waiting, 0, `${waiting} readers still wait for a message`);
    });
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

  /** Asks for a sign of life, with as much time as the suite has patience unless told otherwise. */
  alive(timeoutMs = this.#limits.patienceMs): Promise<boolean> {
    const { connection } = this;
    assert.ok(connection.probe !== undefined, 'this connection has no probe()');
    return this.bounded(connection.probe(timeoutMs), 'connection.probe()');
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
