import { ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import type { Lane } from './lane.js';
import type { CalledEnd, ReplyFrame, WireRequest } from './wire.js';

export interface MemoryNetworkOptions {
  /**
   * How long a request, a reply and each message of a stream travel, in milliseconds of the caller's clock. Range 0 to
   * 60,000; 0 delivers in the next microtask.
   *
   * @defaultValue 0
   */
  readonly latencyMs?: number | undefined;
}

/**
 * The medium between the nodes of one process, which a test can cut.
 *
 * Nodes are named by the instance of their port (`tenon-instance` in their metadata). A call under way across a link
 * that is cut ends at once with `Unavailable`, `executed: 'maybe'`, and its handler is told; new ones are refused with
 * `executed: 'no'` until the link is whole again. A node always reaches itself.
 *
 * @throws ServiceError `InvalidArgument` on an option out of range.
 */
export class MemoryNetwork {
  readonly latencyMs: number;
  readonly #ears = new Map<string, Ear>();
  readonly #lines = new Set<Line>();
  readonly #cut = new Set<string>();
  readonly #parted = new Set<string>();

  constructor(options: MemoryNetworkOptions = {}) {
    this.latencyMs = checkedNumber('MemoryNetwork.latencyMs', options.latencyMs, { min: 0, max: 60_000, fallback: 0 });
  }

  /** Takes a node off the network: it reaches nobody and nobody reaches it. Twice is fine. */
  cut(instance: string): void {
    this.#cut.add(instance);
    this.#breakLines();
  }

  /** Undoes `cut`. Partitions stay. */
  heal(instance: string): void {
    this.#cut.delete(instance);
  }

  /** Breaks the link between two nodes, both ways; each still reaches the others. Twice is fine. */
  partition(one: string, other: string): void {
    this.#parted.add(linkName(one, other));
    this.#breakLines();
  }

  /** Undoes `partition`. */
  join(one: string, other: string): void {
    this.#parted.delete(linkName(one, other));
  }

  /** For transports: makes a listener reachable. Throws `AlreadyExists` where its instance has one. */
  attach(ear: Ear): void {
    if (this.#ears.has(ear.address)) {
      throw new ServiceError('AlreadyExists', `${ear.address} is listened on already`, { executed: 'no' });
    }
    this.#ears.set(ear.address, ear);
  }

  /** For transports: undoes `attach`. */
  detach(ear: Ear): void {
    if (this.#ears.get(ear.address) === ear) this.#ears.delete(ear.address);
  }

  /** For transports: the listener at an address. Throws `Unavailable`, `executed: 'no'`, where none can be reached. */
  route(caller: string | undefined, address: string): Ear {
    const ear = this.#ears.get(address);
    if (ear === undefined) throw new ServiceError('Unavailable', `nobody listens at ${address}`, { executed: 'no' });
    if (this.#isBroken(caller, ear.instance)) {
      throw new ServiceError('Unavailable', `${address} is cut off`, { executed: 'no' });
    }
    return ear;
  }

  /** For transports: watches the link of a call under way. */
  open(line: Line): void {
    this.#lines.add(line);
  }

  /** For transports: undoes `open`. */
  close(line: Line): void {
    this.#lines.delete(line);
  }

  #isBroken(caller: string | undefined, callee: string): boolean {
    if (caller === callee) return false;
    if (this.#cut.has(callee)) return true;
    return caller !== undefined && (this.#cut.has(caller) || this.#parted.has(linkName(caller, callee)));
  }

  #breakLines(): void {
    for (const line of [...this.#lines]) if (this.#isBroken(line.caller, line.callee)) line.broken();
  }
}

/** The address of the listener of one instance: `memory:<instance>`. */
export function memoryAddress(instance: string): string {
  return `memory:${instance}`;
}

/** What can be called over the network. */
export interface Ear {
  readonly instance: string;
  readonly address: string;
  /** Takes a call, whose replies go into `lane`, and returns the end that takes what else its caller sends. */
  hear(request: WireRequest, lane: Lane<ReplyFrame>): CalledEnd;
}

/** A call under way, as the network sees it. `caller` is undefined where that side has no name. */
export interface Line {
  readonly caller: string | undefined;
  readonly callee: string;
  broken(): void;
}

function linkName(one: string, other: string): string {
  return JSON.stringify([one, other].sort());
}
