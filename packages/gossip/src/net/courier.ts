import type { Keyring } from '../keyring.js';
import type { BroadcastQueue } from '../membership/broadcast-queue.js';
import { type KnownMember, newestProtocol } from '../membership/member.js';
import { compoundHeadBytes, compoundPartBytes, joinCompound, maxCompoundParts } from '../wire/compound.js';
import { messageType } from '../wire/message.js';
import { closePacket, roomIn } from '../wire/packet.js';
import type { Address } from './address.js';
import type { GossipTransport } from './transport.js';

/** What sending works with. */
export interface CourierOptions {
  readonly transport: GossipTransport;
  readonly keyring: Keyring;
  readonly maxPacketBytes: number;
  /** News about members, which goes first. */
  readonly memberNews: BroadcastQueue;
  /** What the application above spreads. */
  readonly userNews: BroadcastQueue;
}

/** Sends packets, and lets news ride along wherever there is room. */
export class Courier {
  readonly #options: CourierOptions;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /** How large a message of the application may be to be spread by packet. */
  get maxUserBytes(): number {
    return this.#room - compoundPartBytes - userHeadBytes;
  }

  /** @param member - who it is for, where that is known: what it understands then decides the form. */
  send(message: Buffer, to: Address, member?: KnownMember): void {
    this.sendTogether([message], to, member);
  }

  /** Sends these messages in one packet, and news with them. */
  sendTogether(messages: readonly Buffer[], to: Address, member?: KnownMember): void {
    const used = messages.reduce((sum, message) => sum + message.length + compoundPartBytes, 0);
    this.#post([...messages, ...this.#news(this.#room - used, maxCompoundParts - messages.length)], to, member);
  }

  /** Sends news alone. Returns false where there was none. */
  sendNews(to: Address, member?: KnownMember): boolean {
    const news = this.#news(this.#room, maxCompoundParts);
    if (news.length > 0) this.#post(news, to, member);
    return news.length > 0;
  }

  get #room(): number {
    const { maxPacketBytes, keyring } = this.#options;
    return roomIn(maxPacketBytes, keyring) - compoundHeadBytes;
  }

  #news(room: number, maxCount: number): readonly Buffer[] {
    const { memberNews, userNews } = this.#options;
    const own = memberNews.take(room, maxCount);
    const left = own.reduce((sum, message) => sum - message.length - compoundPartBytes, room);
    const users = userNews.take(left, maxCount - own.length, compoundPartBytes + userHeadBytes);
    return [...own, ...users.map(userMessage)];
  }

  #post(messages: readonly Buffer[], to: Address, member: KnownMember | undefined): void {
    const [only] = messages;
    const message = messages.length === 1 && only !== undefined ? only : joinCompound(messages);
    const knowsChecks = member !== undefined && newestProtocol(member) >= 5;
    this.#options.transport.send(closePacket(message, this.#options.keyring, knowsChecks), to);
  }
}

/** A message of the application: its type, and as it is. */
function userMessage(message: Buffer): Buffer {
  return Buffer.concat([Buffer.of(messageType.user), message]);
}

const userHeadBytes = 1;
