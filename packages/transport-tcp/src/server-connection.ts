import { type CallHandler, type ClaimedConnection, codes, type Peer, ServiceError } from '@tenon/contract';
import { helloFrame, welcomeFrame } from './frame.js';
import { type Hello, helloText, readHello } from './hello.js';
import { Link, type LinkOwner } from './link.js';
import { preamble, protocolName } from './preamble.js';
import { ProtocolViolation } from './protocol-violation.js';
import { ServerSession } from './server-session.js';
import type { WireContext } from './wire-context.js';
import type { WireLimits } from './wire-limits.js';

/** What the connections of one listener share. */
export interface ServingContext {
  readonly context: WireContext;
  readonly handler: CallHandler;
  /** The id of this run of the process. */
  readonly instance: string;
  readonly limits: WireLimits;
  /** The last call of a connection is over. */
  onIdle(): void;
  /** A connection has ended, perhaps before its time. */
  onEnded(connection: ServerConnection, reason: ServiceError): void;
  /** The socket of a connection is closed. */
  onClosed(connection: ServerConnection): void;
}

/** A connection that a client made, from its first byte to its end. */
export class ServerConnection implements LinkOwner {
  readonly peer: Peer;
  readonly #serving: ServingContext;
  readonly #link: Link;
  /** What is left to come of the first bytes. */
  #opening: Buffer | undefined = preamble();
  #session: ServerSession | undefined;
  #draining = false;

  constructor(serving: ServingContext, { socket, address, identity, encrypted }: ClaimedConnection) {
    this.#serving = serving;
    this.peer = Object.freeze({ address, transport: protocolName, identity });
    this.#link = new Link(serving.context, socket, this, { serving: true, encrypted });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  get busy(): boolean {
    return this.#session !== undefined && this.#session.size > 0;
  }

  /** Refuses new calls and tells the client so; those under way go on. */
  drain(): void {
    this.#draining = true;
    if (this.#session === undefined) return;
    this.#session.refuse(leaving());
    this.#link.announceEnd(stopping);
  }

  /** Resolves when everything that was answered has been handed to the system. */
  sent(): Promise<void> {
    return this.#link.writer.idle();
  }

  /** Ends what is under way: clients and handlers are told. */
  abandonAll(reason: ServiceError): void {
    this.#session?.abandonAll(reason);
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#link.destroy(codes.Unavailable.number, stopped, new ServiceError('Unavailable', stopped));
  }

  callFrame(type: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (this.#session === undefined) throw new ProtocolViolation('a call before HELLO');
    this.#session.callFrame(type, id, buffer, start, end);
  }

  connectionFrame(type: number, buffer: Buffer, start: number, end: number): void {
    if (this.#session !== undefined) this.#session.connectionFrame(type, buffer, start, end);
    else if (type === helloFrame) this.#greet(readHello(buffer, start, end));
    else throw new ProtocolViolation('the client did not begin with HELLO');
  }

  goneAway(code: number, reason: string): void {
    // A client that will end the connection needs nothing from here; one that has ended it is gone.
    if (code !== 0) this.#link.leave(new ServiceError('Unavailable', `the client ended the connection: ${reason}`));
  }

  linkEnded(reason: ServiceError): void {
    this.#session?.end(reason);
    this.#serving.onEnded(this, reason);
  }

  linkClosed(): void {
    this.#serving.onClosed(this);
  }

  #receive(chunk: Buffer): void {
    const start = this.#opening === undefined ? 0 : this.#open(this.#opening, chunk);
    if (start < chunk.length) this.#link.receive(chunk, start, chunk.length);
  }

  /** Takes the first bytes, which whoever claimed the connection has seen already, and returns where they end. */
  #open(expected: Buffer, chunk: Buffer): number {
    const bytes = Math.min(expected.length, chunk.length);
    if (!chunk.subarray(0, bytes).equals(expected.subarray(0, bytes))) {
      const text = `the client does not speak ${protocolName}`;
      this.#opening = undefined;
      this.#link.end(codes.InvalidArgument.number, text, new ServiceError('Unavailable', text));
      return chunk.length;
    }
    this.#opening = bytes === expected.length ? undefined : expected.subarray(bytes);
    return bytes;
  }

  #greet(hello: Hello): void {
    const { handler, limits, context, instance } = this.#serving;
    const node = hello.node === '' ? undefined : hello.node;
    const refusal = this.#draining ? leaving() : handler.refusal(hello.service, node);
    const link = this.#link;
    if (refusal !== undefined) {
      const code = refusal.refusal === 'draining' ? 0 : codes[refusal.code].number;
      link.end(code, refusal.rawMessage, refusal);
      return;
    }
    const { writer } = link;
    this.#session = new ServerSession({
      context,
      writer,
      handler,
      peer: this.peer,
      hello,
      limits,
      heardAt: () => link.heardAt,
      onIdle: () => this.#serving.onIdle(),
    });
    const { contentTypes, linked } = context.codecs;
    const { service } = hello;
    const { id = '', version } = handler.nodeOf?.(service, node) ?? {};
    const text = helloText({ service, node: id, instance, version, codecs: contentTypes, linked, limits });
    writer.begin(welcomeFrame, 0);
    writer.ensure(Buffer.byteLength(text));
    writer.position += writer.buffer.write(text, writer.position);
    writer.end();
    link.greeted();
  }
}

function leaving(): ServiceError {
  return new ServiceError('Unavailable', stopping, { executed: 'no', refusal: 'draining' });
}

const stopping = 'the server is stopping';
const stopped = 'the server stopped';
