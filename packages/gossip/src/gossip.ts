import type { Keyring } from './keyring.js';
import type { Member } from './membership/member.js';
import type { MemberChange } from './membership/member-table.js';

/** The application above: what it spreads and what it hears. None of these may throw; what they are given may be kept. */
export interface GossipDelegate {
  /** A message that somebody spread, or handed over. It may come twice, late, or not at all. */
  onMessage(bytes: Buffer): void;
  /** What a member that exchanges its state with this one is told. */
  localState(isJoin: boolean): Buffer;
  /** What the other one told. Empty where it has nothing to say. */
  mergeState(bytes: Buffer, isJoin: boolean): void;
  /** Something became of another member. */
  onMember(member: Member, change: MemberChange): void;
}

/** One member of a cluster that gossips. */
export interface Gossip {
  /** This member. Only after {@link start}. */
  readonly self: Member;
  /** Everybody who lives or is suspected, this member too, sorted by name. */
  readonly members: readonly Member[];
  /** The same with those that have died or left lately. */
  readonly everyone: readonly Member[];
  readonly keyring: Keyring;
  /** How unwell this member finds itself: 0 is well, 7 is worst. */
  readonly unwell: number;
  /** How many packets and streams were refused since the start. */
  readonly refused: number;
  /** The largest message that {@link spread} can send, in bytes. */
  readonly maxMessageBytes: number;

  /**
   * Binds, and asks the seeds; resolves when one of them answered, none is given, or 1.5 s have passed: it goes on asking. Rejects with
   * `Unavailable` where the port is taken.
   */
  start(): Promise<void>;
  /**
   * Spreads a message to every member, a few times.
   *
   * @param name - a later message of the same name takes the place of this one where it was not spread yet.
   * @throws ServiceError `InvalidArgument` where it is larger than {@link maxMessageBytes}.
   */
  spread(message: Buffer, name?: string): void;
  /** Sends what is to be spread at once, to as many members as a round goes to. */
  hurry(): void;
  /** Hands a message of any size up to 20 MiB to one member. Rejects with `Unavailable`. */
  tell(member: Member, message: Buffer): Promise<void>;
  /** Changes what others are told about this member, 512 bytes at most. */
  describe(meta: Uint8Array): void;
  /** Tells the others that this member leaves. It still answers, until it is closed. */
  leave(): Promise<void>;
  /** Stops and closes everything. Without {@link leave}, the others find out by themselves. Twice is fine. */
  close(): Promise<void>;
}
