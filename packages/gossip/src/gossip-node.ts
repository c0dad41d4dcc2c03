import { networkInterfaces } from 'node:os';
import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { Pause } from '@tenon/contract/authoring';
import type { Gossip, GossipDelegate } from './gossip.js';
import type { ResolvedGossipOptions } from './gossip-options.js';
import type { Keyring } from './keyring.js';
import { Loop } from './loop.js';
import { BroadcastQueue, retransmitLimit } from './membership/broadcast-queue.js';
import { Health } from './membership/health.js';
import { isGone, type KnownMember, type Member } from './membership/member.js';
import { MemberTable } from './membership/member-table.js';
import { PendingProbes } from './membership/pending-probes.js';
import { Prober } from './membership/prober.js';
import { randomOf } from './membership/random-members.js';
import { Rejoiner } from './membership/rejoiner.js';
import { type Address, bytesOf } from './net/address.js';
import { Courier } from './net/courier.js';
import { Streams } from './net/streams.js';
import { PacketHandler } from './packet-handler.js';
import { RefusedInput } from './refused-input.js';
import { maxMetaBytes } from './wire/message.js';

/** Puts the parts of one member together, and runs its rounds. */
export class GossipNode implements Gossip {
  readonly keyring: Keyring;
  readonly #options: ResolvedGossipOptions;
  readonly #clock: Clock;
  readonly #health: Health;
  readonly #table: MemberTable;
  readonly #userNews: BroadcastQueue;
  readonly #courier: Courier;
  readonly #pending: PendingProbes;
  readonly #prober: Prober;
  readonly #streams: Streams;
  readonly #rejoiner: Rejoiner;
  readonly #refused: RefusedInput;
  readonly #packets: PacketHandler;
  readonly #loops: Loop[] = [];
  #meta: Buffer;
  #state: 'new' | 'open' | 'left' | 'closed' = 'new';

  constructor(options: ResolvedGossipOptions, delegate: GossipDelegate, logger: Logger, clock: Clock) {
    const { name: selfName, times, keyring, transport, maxPacketBytes } = options;
    this.keyring = keyring;
    this.#options = options;
    this.#meta = options.meta;
    this.#clock = clock;
    this.#health = new Health(times.maxSlowdown);
    const health = this.#health;
    const limit = (): number => retransmitLimit(times.retransmitFactor, this.#table.size);
    const memberNews = new BroadcastQueue(limit, maxQueued);
    this.#userNews = new BroadcastQueue(limit, maxQueued);
    this.#table = new MemberTable({
      ...{ selfName, times, queue: memberNews, health, clock, logger },
      onChange: (member, change) => {
        this.#rejoiner.note(member, change);
        if (member.name !== selfName) delegate.onMember(member, change);
      },
    });
    const table = this.#table;
    this.#courier = new Courier({ transport, keyring, maxPacketBytes, memberNews, userNews: this.#userNews });
    this.#pending = new PendingProbes(clock);
    this.#refused = new RefusedInput(logger, clock);
    const onUserMessage = (bytes: Buffer): void => delegate.onMessage(bytes);
    this.#streams = new Streams({
      ...{
        transport,
        keyring,
        selfName,
        clock,
        timeoutMs: times.streamTimeoutMs,
        refused: this.#refused,
        onUserMessage,
      },
      localState: (isJoin) => ({ isJoin, members: table.entries(), userState: delegate.localState(isJoin) }),
      onState: ({ isJoin, members, userState }) => {
        table.merge(members);
        delegate.mergeState(userState, isJoin);
      },
    });
    this.#rejoiner = new Rejoiner({
      ...{ seeds: options.seeds, resolve: options.resolve, table, times, clock, logger },
      exchange: (to, isJoin) => this.#streams.exchange(to, isJoin),
    });
    const shared = { table, courier: this.#courier, pending: this.#pending, times };
    this.#packets = new PacketHandler({ ...shared, keyring, refused: this.#refused, onUserMessage });
    this.#prober = new Prober({
      ...{ ...shared, health, clock },
      pingByStream: ({ address, name }, sequence, timeoutMs) =>
        this.#streams.ping(address, name, sequence, Math.max(1, timeoutMs)),
    });
  }

  get self(): Member {
    return this.#table.self;
  }

  get members(): readonly Member[] {
    return this.everyone.filter((member) => !isGone(member));
  }

  get everyone(): readonly Member[] {
    return [...this.#table.all].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  get unwell(): number {
    return this.#health.score;
  }

  get refused(): number {
    return this.#refused.count;
  }

  get maxMessageBytes(): number {
    return this.#courier.maxUserBytes;
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') throw failedPrecondition('this member was started already');
    this.#state = 'open';
    const { transport, advertise } = this.#options;
    const bound = await transport.open({
      packet: (bytes, from) => {
        if (this.#isOpen) this.#packets.handle(bytes, from);
      },
      stream: (stream, from) => {
        if (this.#isOpen) void this.#streams.accept(stream, from);
        else stream.destroy();
      },
    });
    this.#announce(advertise ?? reachable(bound));
    const joined = this.#rejoiner.join();
    const pause = new Pause(this.#clock);
    await Promise.race([joined.then(() => pause.wake()), pause.for(joinPatienceMs)]);
    pause.wake();
    if (this.#isOpen) this.#startLoops();
  }

  spread(message: Buffer, name?: string): void {
    if (message.length > this.maxMessageBytes) {
      const text = `a message of ${message.length} bytes cannot be spread; it may have ${this.maxMessageBytes}`;
      throw new ServiceError('InvalidArgument', text, { executed: 'no' });
    }
    this.#userNews.add(message, name);
  }

  hurry(): void {
    if (this.#isOpen) this.#spreadRound();
  }

  tell(member: Member, message: Buffer): Promise<void> {
    return this.#streams.tell(member.address, message);
  }

  describe(meta: Uint8Array): void {
    if (meta.length > maxMetaBytes) {
      throw new ServiceError('InvalidArgument', `gossip.meta has ${meta.length} bytes; it may have ${maxMetaBytes}`, {
        executed: 'no',
      });
    }
    this.#meta = Buffer.from(meta);
    if (this.#state === 'open') this.#announce(this.self.address);
  }

  async leave(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'left';
    const farewell = this.#table.leave();
    const living = this.#others(({ state }) => state === 'alive' || state === 'suspect');
    if (living.length === 0) return;
    // Twice, because one may be lost, and who hears it tells the others.
    for (let time = 0; time < 2; time += 1) {
      for (const member of randomOf(living, maxFarewells)) this.#courier.send(farewell, member.address, member);
      await new Pause(this.#clock).for(this.#options.times.gossipIntervalMs / 2);
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#rejoiner.stop();
    this.#table.stop();
    this.#pending.stop();
    await Promise.all([...this.#loops.map((loop) => loop.stop()), this.#options.transport.close()]);
  }

  get #isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'left';
  }

  #announce(address: Address): void {
    const { name: node, delegateVersions } = this.#options;
    const versions = Buffer.from([...ownVersions, ...delegateVersions]);
    this.#table.announce({
      node,
      address: bytesOf(address.host),
      port: address.port,
      meta: this.#meta,
      versions,
    });
  }

  #startLoops(): void {
    const { times } = this.#options;
    this.#loop(
      () => times.probeIntervalMs,
      () => this.#prober.probeNext(),
    );
    this.#loop(
      () => times.gossipIntervalMs,
      () => this.#spreadRound(),
    );
    this.#loop(
      () => scaled(times.exchangeIntervalMs, this.#table.size),
      () => this.#exchangeWithAny(),
    );
    this.#loop(
      () => this.#rejoiner.waitMs,
      () => this.#rejoiner.again(),
    );
  }

  #loop(everyMs: () => number, work: () => Promise<void> | void): void {
    const loop = new Loop(this.#clock);
    this.#loops.push(loop);
    loop.start(everyMs, work);
  }

  /** The dead hear news too, for a while: they may not know that they are held for dead. */
  #spreadRound(): void {
    const { gossipFanOut, gossipToDeadMs } = this.#options.times;
    const now = this.#clock.now();
    const hearing = this.#others(({ state, changedAt }) => {
      return state === 'dead' ? now - changedAt <= gossipToDeadMs : state !== 'left';
    });
    for (const member of randomOf(hearing, gossipFanOut)) if (!this.#courier.sendNews(member.address, member)) return;
  }

  async #exchangeWithAny(): Promise<void> {
    const [member] = randomOf(
      this.#others(({ state }) => state === 'alive'),
      1,
    );
    // A member that does not answer is found out by probes.
    if (member !== undefined) await this.#streams.exchange(member.address, false).catch(() => {});
  }

  #others(wanted: (member: KnownMember) => boolean): readonly KnownMember[] {
    return [...this.#table.all].filter((member) => member.name !== this.#options.name && wanted(member));
  }
}

/** A whole exchange is dear: beyond 32 members it comes less often, as in memberlist. */
function scaled(intervalMs: number, memberCount: number): number {
  return memberCount <= 32 ? intervalMs : intervalMs * (Math.ceil(Math.log2(memberCount) - 5) + 1);
}

/** What others can reach: a wildcard stands for the first address that is not loopback. */
function reachable({ host, port }: Address): Address {
  if (host !== '0.0.0.0' && host !== '::') return { host, port };
  const family = host === '::' ? 'IPv6' : 'IPv4';
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outer = found.find((address) => address.family === family && !address.internal);
  if (outer !== undefined) return { host: outer.address, port };
  throw new ServiceError(
    'InvalidArgument',
    `gossip listens on ${host}: set gossip.advertise to an address of this machine`,
    {
      executed: 'no',
    },
  );
}

function failedPrecondition(message: string): ServiceError {
  return new ServiceError('FailedPrecondition', message, { executed: 'no' });
}

/** Understood from 1 to 5; spoken as 2, memberlist's default, which every member accepts. What a peer gets depends on what it understands. */
const ownVersions: readonly number[] = Object.freeze([1, 5, 2]);
const joinPatienceMs = 1_500;
const maxFarewells = 16;
const maxQueued = 20_000;
