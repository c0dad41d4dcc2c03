import type { Keyring } from './keyring.js';
import type { MemberTable } from './membership/member-table.js';
import type { PendingProbes } from './membership/pending-probes.js';
import { type Address, bytesOf, hostOf } from './net/address.js';
import type { Courier } from './net/courier.js';
import type { GossipTimes } from './profile.js';
import type { RefusedInput } from './refused-input.js';
import {
  messageType,
  type Ping,
  readAccusation,
  readAlive,
  readIndirectPing,
  readPing,
  readSequence,
  writeAck,
  writeNack,
  writePing,
} from './wire/message.js';
import { malformed } from './wire/msgpack.js';
import { openPacket } from './wire/packet.js';

/** What packets are handled with. */
export interface PacketHandlerOptions {
  readonly keyring: Keyring;
  readonly table: MemberTable;
  readonly courier: Courier;
  readonly pending: PendingProbes;
  readonly times: GossipTimes;
  readonly refused: RefusedInput;
  readonly onUserMessage: (bytes: Buffer) => void;
}

/** Does what each packet asks for. Nothing that comes in makes it throw. */
export class PacketHandler {
  readonly #options: PacketHandlerOptions;

  constructor(options: PacketHandlerOptions) {
    this.#options = options;
  }

  handle(packet: Buffer, from: Address): void {
    try {
      for (const message of openPacket(packet, this.#options.keyring)) this.#handleMessage(message, from);
    } catch (thrown) {
      this.#options.refused.met(from, thrown);
    }
  }

  #handleMessage(message: Buffer, from: Address): void {
    const { table, pending, onUserMessage } = this.#options;
    const body = message.subarray(1);
    switch (message[0]) {
      case messageType.ping:
        this.#answer(readPing(body), from);
        break;
      case messageType.indirectPing:
        this.#askFor(body, from);
        break;
      case messageType.ack:
        pending.ack(readSequence(body));
        break;
      case messageType.nack:
        pending.nack(readSequence(body));
        break;
      case messageType.suspect:
        table.suspect(readAccusation(body));
        break;
      case messageType.alive:
        table.alive(readAlive(body));
        break;
      case messageType.dead:
        table.dead(readAccusation(body));
        break;
      case messageType.user:
        onUserMessage(body);
        break;
      default:
        throw malformed(`a packet has a message of type ${message[0]}`);
    }
  }

  #answer(ping: Ping, from: Address): void {
    const { table, courier } = this.#options;
    if (ping.node !== '' && ping.node !== table.self.name) return;
    courier.send(writeAck(ping.sequence), answerAddress(ping, from), table.get(ping.sourceNode));
  }

  /** Asks somebody else in the name of who asked, and passes the answer on. */
  #askFor(body: Buffer, from: Address): void {
    const { table, courier, pending, times } = this.#options;
    if (pending.size >= maxPending) return;
    const ping = readIndirectPing(body);
    const to = answerAddress(ping, from);
    const asker = table.get(ping.sourceNode);
    const sequence = pending.wait(times.probeTimeoutMs, {
      onAck: () => courier.send(writeAck(ping.sequence), to, asker),
      onTimeout: () => {
        if (ping.wantsNack) courier.send(writeNack(ping.sequence), to, asker);
      },
    });
    const { name: sourceNode, address } = table.self;
    const source = { sourceAddress: bytesOf(address.host), sourcePort: address.port, sourceNode };
    const target = { host: hostOf(ping.target), port: ping.port };
    courier.send(writePing({ sequence, node: ping.node, ...source }), target, table.get(ping.node));
  }
}

/** Old members do not say where the answer goes. */
function answerAddress({ sourceAddress, sourcePort }: Ping, from: Address): Address {
  const isTold = sourcePort > 0 && (sourceAddress.length === 4 || sourceAddress.length === 16);
  return isTold ? { host: hostOf(sourceAddress), port: sourcePort } : from;
}

/** Each is gone after the probe timeout. */
const maxPending = 4_096;
