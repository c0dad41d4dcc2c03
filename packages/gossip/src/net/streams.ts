import type { Duplex } from 'node:stream';
import { type Clock, ServiceError } from '@tenon/contract';
import type { Keyring } from '../keyring.js';
import type { RefusedInput } from '../refused-input.js';
import { messageType, pingOf, uint, writeAck, writePing } from '../wire/message.js';
import { malformed, writeFields } from '../wire/msgpack.js';
import { type ExchangedState, stateEntry, stateHead, writeState } from '../wire/state.js';
import { type Address, bytesOf, textOf } from './address.js';
import { InboundBudget } from './inbound-budget.js';
import { openMessage, sendMessage } from './stream-message.js';
import { StreamReader } from './stream-reader.js';
import type { GossipTransport } from './transport.js';

/** What streams work with. */
export interface StreamsOptions {
  readonly transport: GossipTransport;
  readonly keyring: Keyring;
  readonly timeoutMs: number;
  readonly selfName: string;
  readonly clock: Clock;
  readonly refused: RefusedInput;
  /** What this member knows, to be handed out. */
  readonly localState: (isJoin: boolean) => ExchangedState;
  /** Somebody handed over what it knows. */
  readonly onState: (state: ExchangedState) => void;
  readonly onUserMessage: (bytes: Buffer) => void;
}

/** What goes over streams: whole states, both ways; pings, where packets are lost; messages too large for a packet. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #budget = new InboundBudget(maxInboundBytes);
  #accepted = 0;

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  /** Hands over what this member knows and takes what that one knows. Rejects with `Unavailable`. */
  async exchange(to: Address, isJoin: boolean): Promise<void> {
    const { localState, onState } = this.#options;
    const state = await this.#converse(to, this.#options.timeoutMs, writeState(localState(isJoin)), async (reader) => {
      await this.#expect(reader, messageType.pushPull);
      return readStateFrom(reader);
    });
    onState(state);
  }

  /** Asks whether somebody is there. */
  async ping(to: Address, node: string, sequence: number, timeoutMs: number): Promise<boolean> {
    const nobody = { sourceAddress: bytesOf('0.0.0.0'), sourcePort: 0, sourceNode: this.#options.selfName };
    const ping = writePing({ sequence, node, ...nobody });
    try {
      return await this.#converse(to, timeoutMs, ping, async (reader) => {
        await this.#expect(reader, messageType.ack);
        return uint(await reader.fields(), 'SeqNo') === sequence;
      });
    } catch {
      return false;
    }
  }

  /** Hands one message over, of any size up to the limit of a state. Rejects with `Unavailable`. */
  async tell(to: Address, bytes: Buffer): Promise<void> {
    const head = writeFields({ UserMsgLen: bytes.length });
    const whole = Buffer.concat([Buffer.of(messageType.user), head, bytes]);
    await this.#converse(to, this.#options.timeoutMs, whole, async (_reader, stream) => {
      stream.end();
      // Whoever has read it closes.
      for await (const _ of stream);
    });
  }

  /** Serves a stream that somebody opened. */
  async accept(stream: Duplex, from: Address): Promise<void> {
    if (this.#accepted >= maxAccepted) {
      stream.destroy();
      return;
    }
    this.#accepted += 1;
    try {
      await this.#bounded(stream, this.#options.timeoutMs, (reader) => this.#serve(stream, reader));
    } catch (error) {
      this.#options.refused.met(from, error);
    } finally {
      this.#accepted -= 1;
      stream.destroy();
    }
  }

  async #serve(stream: Duplex, reader: StreamReader): Promise<void> {
    const { keyring, selfName, localState, onState, onUserMessage } = this.#options;
    const type = await openMessage(reader, keyring, maxStateBytes);
    if (type === messageType.ping) {
      const { node, sequence } = pingOf(await reader.fields());
      if (node === '' || node === selfName) await ended(stream, () => sendMessage(stream, writeAck(sequence), keyring));
    } else if (type === messageType.user) {
      const length = uint(await reader.fields(), 'UserMsgLen', maxStateBytes);
      onUserMessage(await reader.bytes(length));
    } else if (type === messageType.pushPull) {
      const state = await readStateFrom(reader);
      await ended(stream, () => sendMessage(stream, writeState(localState(state.isJoin)), keyring));
      onState(state);
    } else {
      throw malformed(`a stream begins with a message of type ${type}`);
    }
  }

  async #expect(reader: StreamReader, wanted: number): Promise<void> {
    const type = await openMessage(reader, this.#options.keyring, maxStateBytes);
    if (type === wanted) return;
    const reason = type === messageType.error ? (await reader.fields()).get('Error') : undefined;
    const text = Buffer.isBuffer(reason) ? `: ${reason.toString().slice(0, 256)}` : '';
    throw malformed(`a member answered with a message of type ${type}${text}`);
  }

  async #converse<T>(
    to: Address,
    timeoutMs: number,
    message: Buffer,
    read: (reader: StreamReader, stream: Duplex) => Promise<T>,
  ): Promise<T> {
    const { transport, keyring, clock } = this.#options;
    const endsAt = clock.now() + timeoutMs;
    const stream = await transport.dial(to, timeoutMs);
    try {
      sendMessage(stream, message, keyring);
      return await this.#bounded(stream, endsAt - clock.now(), (reader) => read(reader, stream));
    } catch (cause) {
      const text = ServiceError.from(cause).rawMessage;
      throw new ServiceError('Unavailable', `gossip with ${textOf(to)} failed: ${text}`, { cause, executed: 'no' });
    } finally {
      stream.destroy();
    }
  }

  /** Whatever takes longer is cut off. */
  async #bounded<T>(stream: Duplex, timeoutMs: number, work: (reader: StreamReader) => Promise<T>): Promise<T> {
    const late = (): unknown => stream.destroy(malformed(`a stream took longer than ${timeoutMs} ms`));
    const cancel = this.#options.clock.after(Math.max(0, timeoutMs), late);
    const reader = new StreamReader(stream, { maxBytes: maxStateBytes, budget: this.#budget });
    try {
      return await work(reader);
    } finally {
      cancel();
      reader.release();
    }
  }
}

async function readStateFrom(reader: StreamReader): Promise<ExchangedState> {
  const { isJoin, memberCount, userBytes } = stateHead(await reader.fields(), maxStateBytes);
  const members = [];
  for (let left = memberCount; left > 0; left -= 1) members.push(stateEntry(await reader.fields()));
  return { isJoin, members, userState: Buffer.from(await reader.bytes(userBytes)) };
}

/** Writes, and resolves when all of it has gone out: a stream that is destroyed loses the rest. */
function ended(stream: Duplex, write: () => void): Promise<void> {
  write();
  return new Promise((resolve, reject) => {
    stream.once('error', reject);
    stream.once('close', () => reject(malformed('a stream was closed while it was written')));
    stream.end(resolve);
  });
}

/** memberlist's `maxPushStateBytes`. */
const maxStateBytes = 20 * 1_024 * 1_024;
/** All states that are being read together. */
const maxInboundBytes = 32 * 1_024 * 1_024;
/** memberlist's `maxPushPullRequests`. */
const maxAccepted = 128;
