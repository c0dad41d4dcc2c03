import type { Logger } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import {
  createGossip,
  type Gossip,
  type GossipDelegate,
  type GossipOptions,
  type Member,
  type MemberChange,
  SocketTransport,
  textOf,
} from '../src/index.js';
import { eventually } from './eventually.js';
import { type Network, NetworkTransport } from './network.js';

/** A member of a test's cluster, and what it heard. */
export interface TestMember extends Gossip {
  readonly heard: readonly Buffer[];
  readonly changes: readonly (readonly [string, MemberChange])[];
  readonly address: string;
}

/** Members on loopback, closed together. */
export class TestCluster {
  readonly members: TestMember[] = [];
  readonly #logger: Logger;
  readonly #network: Network | undefined;

  /** @param network - what is between them; none: bare sockets. */
  constructor(network?: Network, logger: Logger = silentLogger()) {
    this.#network = network;
    this.#logger = logger;
  }

  /** Starts a member that asks the first one, if there is one. */
  async add(
    name: string,
    options: Partial<GossipOptions> = {},
    delegate: Partial<GossipDelegate> = {},
  ): Promise<TestMember> {
    const heard: Buffer[] = [];
    const changes: (readonly [string, MemberChange])[] = [];
    const [first] = this.members;
    const sockets = new SocketTransport({ host: '127.0.0.1', ports: [0] });
    const transport = this.#network === undefined ? sockets : new NetworkTransport(sockets, this.#network);
    const seeds = first === undefined ? [] : [first.address];
    const gossip = createGossip(
      { name, seeds, transport, ...options },
      {
        onMessage: (bytes) => heard.push(Buffer.from(bytes)),
        localState: () => Buffer.alloc(0),
        mergeState: () => {},
        onMember: (member: Member, change) => changes.push([member.name, change]),
        ...delegate,
      },
      this.#logger,
      systemClock(),
    );
    await gossip.start();
    const address = textOf(gossip.self.address);
    const member: TestMember = Object.assign(gossip, { heard, changes, address });
    this.members.push(member);
    return member;
  }

  /** Starts that many; resolves when everybody knows everybody. */
  async addMany(count: number, options: Partial<GossipOptions> = {}): Promise<void> {
    for (let index = 0; index < count; index += 1) await this.add(`m${index}`, options);
    await this.agreed(10_000);
  }

  /** Waits until all of these members hold all of them for alive, and nobody else. */
  async agreed(withinMs: number, members: readonly TestMember[] = this.members): Promise<void> {
    const wanted = members.map(({ self }) => self.name).sort();
    await eventually(
      () => {
        for (const member of members) {
          const seen = namesOf(member, 'alive');
          if (seen.join() !== wanted.join()) throw new Error(`${member.self.name} sees ${seen.join()}`);
        }
      },
      { withinMs },
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.close()));
  }
}

/** Whom a member holds for alive, or suspects, and so on. */
export function namesOf(member: Gossip, state: Member['state']): readonly string[] {
  return member.everyone.filter((one) => one.state === state).map(({ name }) => name);
}
