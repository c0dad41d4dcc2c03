import type { Duplex } from 'node:stream';
import {
  type Call,
  type Code,
  type Connection,
  type Node,
  nodeMetadata,
  type Reply,
  type ReplyListener,
  ServiceError,
} from '@tenon/contract';
import { ClientSession } from './client-session.js';
import { codeOfNumber } from './error-payload.js';
import { helloFrame, welcomeFrame } from './frame.js';
import { type Hello, helloText, readHello } from './hello.js';
import { Link, type LinkOwner } from './link.js';
import { preamble } from './preamble.js';
import { ProtocolViolation } from './protocol-violation.js';
import type { WireContext } from './wire-context.js';

/** Whom a connection is made to. */
export interface DialledNode {
  readonly node: Node;
  readonly service: string;
}

/** A connection to one node: one socket. It is not made anew once it has ended; its calls say so and are safe to repeat. */
export class TcpConnection implements Connection, LinkOwner {
  readonly #context: WireContext;
  readonly #link: Link;
  readonly #hello: Hello;
  #session: ClientSession | undefined;
  /** Why no further calls are made. */
  #refusal: ServiceError | undefined;
  #leaving = false;
  #onOpened: ((error: ServiceError | undefined) => void) | undefined;
  #socketIsClosed = false;
  #whenClosed: (() => void)[] | undefined;
  #whenIdle: (() => void)[] | undefined;

  /** @param socket - connected, under TLS where `encrypted`. What is read from it goes to `receive`. */
  constructor(context: WireContext, socket: Duplex, encrypted: boolean, dialled: DialledNode) {
    this.#context = context;
    this.#hello = helloTo(context, dialled);
    this.#link = new Link(context, socket, this, { serving: false, encrypted });
    // In one write, so that the server has both in one read.
    this.#link.writer.sendNow(helloFrame, Buffer.from(helloText(this.#hello)), preamble());
  }

  get ended(): boolean {
    return this.#refusal !== undefined;
  }

  get busy(): boolean {
    return this.#session !== undefined && this.#session.size > 0;
  }

  /**
   * Resolves when the server has introduced itself; rejects with `executed: 'no'` where it does not, or refuses. To be asked
   * at once, and once.
   */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onOpened = (error) => (error === undefined ? resolve() : reject(error));
    });
  }

  /** Takes what was read from the socket. */
  receive(chunk: Buffer, start: number, end: number): void {
    this.#link.receive(chunk, start, end);
  }

  unary(call: Call): Promise<Reply> {
    if (call.endpoint.kind !== 'unary') return Promise.reject(wrongKind(call, 'unary'));
    return this.#promised(call);
  }

  stream(call: Call): Promise<Reply> {
    if (call.endpoint.kind === 'unary') return Promise.reject(wrongKind(call, 'a stream'));
    return this.#promised(call);
  }

  send(call: Call, listener: ReplyListener, now?: number): void {
    const session = this.#session;
    if (this.#refusal !== undefined || session === undefined) listener.onFailure(this.#refusalOf(call));
    else session.send(call, listener, now);
  }

  probe(timeoutMs: number): Promise<boolean> {
    return this.#link.probe(timeoutMs);
  }

  async drain(): Promise<void> {
    this.#refusal ??= unavailable('the connection takes no further calls');
    if (this.busy) {
      await new Promise<void>((resolve) => {
        this.#whenIdle ??= [];
        this.#whenIdle.push(resolve);
      });
    }
    await this.close();
  }

  async close(): Promise<void> {
    this.#refusal = new ServiceError('FailedPrecondition', 'the connection is closed', { executed: 'no' });
    this.#link.destroy(unavailableNumber, 'the client closed the connection', unavailable('the connection was closed'));
    if (this.#socketIsClosed) return;
    await new Promise<void>((resolve) => {
      this.#whenClosed ??= [];
      this.#whenClosed.push(resolve);
    });
  }

  callFrame(type: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (this.#session === undefined) throw new ProtocolViolation('a call before WELCOME');
    this.#session.callFrame(type, id, buffer, start, end);
  }

  connectionFrame(type: number, buffer: Buffer, start: number, end: number): void {
    if (this.#session !== undefined) this.#session.connectionFrame(type, buffer, start, end);
    else if (type === welcomeFrame) this.#welcome(readHello(buffer, start, end));
    else throw new ProtocolViolation('the server did not begin with WELCOME');
  }

  goneAway(code: number, reason: string): void {
    const name = codeOfNumber(code);
    if (this.#session === undefined) {
      this.#link.leave(refusedGreeting(code, name, reason));
      return;
    }
    if (code !== 0) {
      this.#link.leave(unavailable(`the node ended the connection: ${reason} (${name ?? code})`));
      return;
    }
    this.#leaving = true;
    const text = `the node takes no further calls: ${reason}`;
    this.#refusal ??= new ServiceError('Unavailable', text, { executed: 'no', refusal: 'draining' });
    this.#session.turnAway(this.#refusal);
    this.#leaveWhenIdle();
  }

  linkEnded(reason: ServiceError): void {
    this.#refusal ??= reason.with({ executed: 'no', node: this.#session?.node });
    this.#opened(reason.with({ executed: 'no' }));
    this.#session?.end(reason);
    this.#idle();
  }

  linkClosed(): void {
    this.#socketIsClosed = true;
    const waiting = this.#whenClosed;
    this.#whenClosed = undefined;
    if (waiting !== undefined) for (const resolve of waiting) resolve();
  }

  #opened(error: ServiceError | undefined): void {
    this.#onOpened?.(error);
    this.#onOpened = undefined;
  }

  #welcome(welcome: Hello): void {
    if (welcome.service !== this.#hello.service) {
      throw new ProtocolViolation(`the server welcomes to ${welcome.service.slice(0, 256)}`);
    }
    try {
      this.#session = new ClientSession(this.#context, this.#link, this.#hello, welcome, () => this.#idle());
    } catch (thrown) {
      const error = ServiceError.from(thrown);
      this.#link.end(failedPreconditionNumber, error.rawMessage, error);
      return;
    }
    this.#link.greeted();
    this.#opened(undefined);
  }

  #promised(call: Call): Promise<Reply> {
    return new Promise((onReply, onFailure) => this.send(call, { onReply, onFailure }));
  }

  #refusalOf({ endpoint }: Call): ServiceError {
    const refusal = this.#refusal ?? unavailable('the connection is not open yet');
    return refusal.with({ executed: 'no', service: endpoint.service, endpoint: endpoint.name });
  }

  #idle(): void {
    const waiting = this.#whenIdle;
    this.#whenIdle = undefined;
    if (waiting !== undefined) for (const resolve of waiting) resolve();
    this.#leaveWhenIdle();
  }

  #leaveWhenIdle(): void {
    if (this.#leaving && !this.busy) this.#link.leave(unavailable('the node has no further calls of this side'));
  }
}

function helloTo({ options, codecs }: WireContext, { node, service }: DialledNode): Hello {
  return {
    service,
    node: node.id,
    instance: node.metadata[nodeMetadata.instance],
    codecs: codecs.contentTypes,
    linked: codecs.linked,
    limits: options.limits,
  };
}

/** What a server means that answers HELLO with the end of the connection. */
function refusedGreeting(number: number, name: Code | undefined, reason: string): ServiceError {
  // A server that speaks another version says that this side broke the protocol; another node may not.
  const code = name === undefined || name === 'InvalidArgument' ? 'Unavailable' : name;
  const refusal = number === 0 ? 'draining' : code === 'ResourceExhausted' ? 'overloaded' : undefined;
  const text = `the node refused the connection: ${reason}`;
  return new ServiceError(code, text, { executed: 'no', refusal, answered: true });
}

function wrongKind({ endpoint }: Call, wanted: string): ServiceError {
  const text = `${endpoint.name} is of kind ${endpoint.kind}, and was called as ${wanted}`;
  const { service, name } = endpoint;
  return new ServiceError('InvalidArgument', text, { executed: 'no', service, endpoint: name });
}

function unavailable(message: string): ServiceError {
  return new ServiceError('Unavailable', message);
}

const failedPreconditionNumber = 9;
const unavailableNumber = 14;
