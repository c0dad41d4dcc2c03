import type { Duplex } from 'node:stream';
import { ServiceError } from '@tenon/contract';
import type { DeadlineEntry } from '@tenon/contract/authoring';
import {
  goAwayFrame,
  maxFramePayloadBytes,
  moreFlag,
  optionalFlag,
  pingFrame,
  pongFrame,
  restFrame,
  segmentHeaderBytes,
} from './frame.js';
import { FrameReader, type FrameTaker } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import { maxHelloBytes } from './hello.js';
import { Pings } from './pings.js';
import { ProtocolViolation } from './protocol-violation.js';
import type { WireContext } from './wire-context.js';

/** The side of a connection that knows what calls are. */
export interface LinkOwner {
  /** Whether calls are under way. */
  readonly busy: boolean;
  /** Takes a frame about a call. @throws ProtocolViolation */
  callFrame(type: number, id: number, buffer: Buffer, start: number, end: number): void;
  /** Takes HELLO, WELCOME, NAME, LEARN and the connection's CREDIT. @throws ProtocolViolation */
  connectionFrame(type: number, buffer: Buffer, start: number, end: number): void;
  /** The peer will end the connection, or has ended it for the reason that the code stands for. */
  goneAway(code: number, reason: string): void;
  /** No frame comes or goes any more; the socket may still be closing. */
  linkEnded(reason: ServiceError): void;
  /** The socket is closed. Comes after `linkEnded`. */
  linkClosed(): void;
}

/**
 * One socket that speaks tenon/1, as both sides need it: frames in and out, signs of life, and an end, of which there is
 * one, whoever causes it.
 */
export class Link implements FrameTaker, DeadlineEntry {
  readonly writer: FrameWriter;
  /** When the last bytes arrived, by the clock. */
  heardAt: number;
  deadline = 0;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined;
  wheelPrevious: DeadlineEntry | undefined;
  readonly #context: WireContext;
  readonly #socket: Duplex;
  readonly #owner: LinkOwner;
  readonly #reader: FrameReader;
  readonly #pings: Pings;
  /** After how many frames the clock is asked whether other sockets should have their turn. */
  readonly #maxFrames: number;
  #state: 'greeting' | 'open' | 'ended' = 'greeting';
  #resting = false;
  #congested = false;
  #crowded = false;
  #connectionFrames = 0;

  constructor(context: WireContext, socket: Duplex, owner: LinkOwner, role: LinkRole) {
    this.#context = context;
    this.#socket = socket;
    this.#owner = owner;
    const segmented = !role.encrypted;
    this.#maxFrames = role.serving ? servedFrames : Number.POSITIVE_INFINITY;
    this.writer = new FrameWriter(socket, context.buffers, segmented);
    this.#pings = new Pings(context.clock, this.writer);
    const maxFirstUnitBytes = role.serving ? maxHelloBytes + segmentHeaderBytes : maxFramePayloadBytes;
    this.#reader = new FrameReader(this, segmented, maxFirstUnitBytes);
    this.heardAt = context.clock.now();
    this.#watchUntil(this.heardAt + context.options.handshakeTimeoutMs);
    socket.on('drain', () => this.writer.drained());
    socket.on('error', (error) => this.lost(error));
    socket.on('end', () => this.lost(undefined));
    socket.on('close', () => this.#onClose());
    if ('setNoDelay' in socket && typeof socket.setNoDelay === 'function') socket.setNoDelay(true);
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** Takes what was read from the socket. */
  receive(chunk: Buffer, start: number, end: number): void {
    if (this.#state === 'ended') return;
    this.heardAt = this.#context.clock.now();
    this.#pings.heard();
    try {
      this.#readOn(this.#reader.read(chunk, start, end, this.#maxFrames), this.heardAt);
    } catch (thrown) {
      this.#broken(thrown);
    }
    // Whoever asks more than it reads the answers of is not read from until it does.
    if (this.#maxFrames < Number.POSITIVE_INFINITY && this.writer.pendingBytes > maxUnreadBytes) this.#holdBack();
    if (this.#context.turns.isFull) this.#awaitTurns();
  }

  /** Asks the peer for a sign of life, and tells whether one came in time. False where the connection is not open. */
  probe(timeoutMs: number): Promise<boolean> {
    if (this.#state !== 'open') return Promise.resolve(false);
    return this.#pings.ask(timeoutMs, () => this.#isPaused);
  }

  /** The peer is known: from now on it must give signs of life. */
  greeted(): void {
    this.#state = 'open';
    this.#reader.greeted();
    this.#context.wheel.remove(this);
    this.#watchUntil(this.heardAt + this.#context.options.pingAfterMs);
  }

  frame(type: number, id: number, buffer: Buffer, start: number, end: number): void {
    if ((type & optionalFlag) !== 0) {
      if (!isKnown(type & ~(optionalFlag | moreFlag))) return;
      this.frame(type & ~optionalFlag, id, buffer, start, end);
    } else if (id !== 0 && (type & callTypes) !== 0) {
      this.#connectionFrames = 0;
      this.#owner.callFrame(type, id, buffer, start, end);
    } else {
      this.#takeConnectionFrame(type, id, buffer, start, end);
    }
  }

  onDeadline(): void {
    if (this.#state === 'open') this.#checkLife();
    else if (this.#state === 'ended') this.#socket.destroy();
    else this.end(deadlineExceededNumber, 'the handshake took too long', unavailable('the handshake took too long'));
  }

  /** Tells the peer that this side wants the connection to end when the calls under way have. */
  announceEnd(reason: string): void {
    if (this.#state === 'ended') return;
    const { writer } = this;
    const payload = goAwayPayload(0, reason);
    writer.begin(goAwayFrame, 0);
    writer.ensure(payload.length);
    writer.buffer.set(payload, writer.position);
    writer.position += payload.length;
    writer.end();
  }

  /** Ends the connection: what was written goes first, then the code and reason for the peer. */
  end(code: number, reason: string, error: ServiceError): void {
    if (this.#state === 'ended') return;
    this.writer.flush();
    this.writer.sendNow(goAwayFrame, goAwayPayload(code, reason));
    this.#stop(error);
    if (this.#socket.destroyed) return;
    this.#socket.end(() => this.#socket.destroy());
    // A peer that does not read its last frames keeps nothing open for long.
    this.#watchUntil(this.#context.clock.now() + lingerMs);
  }

  /** The same without waiting for the peer to read it. */
  destroy(code: number, reason: string, error: ServiceError): void {
    if (this.#state !== 'ended') {
      this.writer.flush();
      this.writer.sendNow(goAwayFrame, goAwayPayload(code, reason));
      this.#stop(error);
    }
    this.#socket.destroy();
  }

  /** The connection is gone, or is to go without a word. */
  lost(cause: Error | undefined): void {
    const why = cause === undefined ? 'the peer closed the connection' : `the connection broke: ${textOf(cause)}`;
    this.leave(new ServiceError('Unavailable', why, { cause }));
  }

  /** Ends it without a word: the peer has said what there is to say. */
  leave(reason: ServiceError): void {
    this.#stop(reason);
    this.#socket.destroy();
  }

  #stop(error: ServiceError): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#reader.stop();
    this.#pings.stop();
    this.writer.close();
    this.#context.wheel.remove(this);
    this.#socket.resume();
    this.#owner.linkEnded(error);
  }

  #onClose(): void {
    this.lost(undefined);
    this.#context.wheel.remove(this);
    this.#owner.linkClosed();
  }

  #takeConnectionFrame(type: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (id !== 0) throw new ProtocolViolation(`a frame of type ${type} about a call`);
    if (type === pingFrame) this.#onPing(buffer.subarray(start, end));
    else if (type === pongFrame) this.#pings.answered(end - start);
    else {
      this.#connectionFrames += 1;
      if (this.#connectionFrames > maxConnectionFrames) {
        throw new ProtocolViolation(`more than ${maxConnectionFrames} frames about the connection in a row`);
      }
      if (type === goAwayFrame) this.#onGoAway(buffer, start, end);
      else this.#owner.connectionFrame(type, buffer, start, end);
    }
  }

  #onPing(payload: Buffer): void {
    if (this.#state !== 'open') throw new ProtocolViolation('PING before the greeting');
    this.#pings.taken(payload, this.heardAt);
  }

  #onGoAway(buffer: Buffer, start: number, end: number): void {
    if (start === end) throw new ProtocolViolation('a GOAWAY without a code');
    this.#owner.goneAway(buffer[start] as number, buffer.toString('utf8', start + 1, Math.min(end, start + 1_025)));
  }

  /** Asks a silent peer for a sign of life, or gives it up, and looks again later. */
  #checkLife(): void {
    const { clock, options } = this.#context;
    const now = clock.now();
    const pings = this.#pings;
    const patienceMs = this.#owner.busy ? options.pingAfterMs : options.idlePingAfterMs;
    if (pings.waiting && this.heardAt <= pings.sentAt) {
      // Somebody may have asked before its time: a node that is frozen for a while loses no call that it can still answer.
      const givenUpAt = Math.max(pings.sentAt, this.heardAt + patienceMs) + options.pingTimeoutMs;
      if (now >= givenUpAt) {
        const text = `the peer has been silent for ${Math.round(now - this.heardAt)} ms`;
        this.leave(unavailable(text));
        return;
      }
      // A call that begins meanwhile makes the time shorter, and does not come here to say so.
      this.#watchUntil(Math.min(givenUpAt, now + options.pingAfterMs));
      return;
    }
    const pingAt = Math.max(this.heardAt + patienceMs, pings.nextAt);
    if (now < pingAt || this.#isPaused) {
      this.#watchUntil(Math.max(now + 1, Math.min(pingAt, now + options.pingAfterMs)));
      return;
    }
    pings.send(now);
    this.#watchUntil(now + options.pingTimeoutMs);
  }

  #watchUntil(deadline: number): void {
    this.deadline = deadline;
    this.#context.wheel.add(this);
  }

  /** Takes what is left of what was read, as long as that does not keep others waiting. */
  #readOn(isDone: boolean, since: number): void {
    while (!isDone) {
      if (this.#context.clock.now() - since >= longestReadMs) {
        this.#rest();
        return;
      }
      isDone = this.#reader.resume(this.#maxFrames);
    }
  }

  /** Lets other sockets have their turn before the rest of what was read. */
  #rest(): void {
    this.#resting = true;
    this.#socket.pause();
    setImmediate(() => this.#goOn());
  }

  #goOn(): void {
    this.#resting = false;
    if (this.#state === 'ended') return;
    try {
      this.#readOn(this.#reader.resume(this.#maxFrames), this.#context.clock.now());
      this.#resume();
    } catch (thrown) {
      this.#broken(thrown);
    }
  }

  #holdBack(): void {
    if (this.#congested || this.#state === 'ended') return;
    this.#congested = true;
    this.#socket.pause();
    this.writer.awaitRoom({
      resume: () => {
        this.#congested = false;
        // What it took is a sign of life.
        this.heardAt = this.#context.clock.now();
        this.#resume();
      },
    });
  }

  /** More large messages wait to be seen to than there should: nothing is read that could add to them. */
  #awaitTurns(): void {
    if (this.#crowded || this.#state === 'ended') return;
    this.#crowded = true;
    this.#socket.pause();
    this.#context.turns.awaitRoom(() => {
      this.#crowded = false;
      // That nothing was heard was the doing of this side.
      this.heardAt = this.#context.clock.now();
      this.#resume();
    });
  }

  /** Whether this side does not read at present. */
  get #isPaused(): boolean {
    return this.#resting || this.#congested || this.#crowded;
  }

  #resume(): void {
    if (!this.#isPaused && this.#state !== 'ended') this.#socket.resume();
  }

  /** A violation is told to the peer; anything else is a fault of this side, and ends the connection too. */
  #broken(thrown: unknown): void {
    if (thrown instanceof ProtocolViolation) {
      const cause = thrown.cause ?? thrown;
      const error = new ServiceError('Unavailable', `the peer broke the protocol: ${thrown.message}`, { cause });
      this.end(invalidArgumentNumber, thrown.message, error);
      return;
    }
    this.#context.logger.error('a frame could not be taken', { error: thrown });
    this.end(
      internalNumber,
      'an internal error',
      new ServiceError('Unavailable', 'the connection failed', { cause: thrown }),
    );
  }
}

/** Which end of the connection this is. */
export interface LinkRole {
  readonly serving: boolean;
  readonly encrypted: boolean;
}

function isKnown(type: number): boolean {
  return (type >= 0x01 && type <= 0x07) || (type >= 0x10 && type <= restFrame);
}

function goAwayPayload(code: number, reason: string): Buffer {
  return Buffer.from(`${String.fromCharCode(code)}${reason.slice(0, 512)}`);
}

function unavailable(message: string): ServiceError {
  return new ServiceError('Unavailable', message);
}

function textOf(cause: NodeJS.ErrnoException): string {
  return cause.code ?? cause.message;
}

const invalidArgumentNumber = 3;
const deadlineExceededNumber = 4;
const internalNumber = 13;
/** The types of frames about calls have one of these bits, the others none. */
const callTypes = 0x30;
const maxConnectionFrames = 8_192;
/** A frame that makes a call takes from five microseconds to fifty, as warm as the code is: so many are counted, and then timed. */
const servedFrames = 64;
/** So long one socket is read from before others have their turn: what the calls do next takes longer than to read them. */
const longestReadMs = 1;
const maxUnreadBytes = 1_024 * 1_024;
const lingerMs = 1_000;
