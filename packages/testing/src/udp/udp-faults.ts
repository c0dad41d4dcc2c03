import { checkedNumber } from '@tenon/contract/authoring';
import type { UdpFault, UdpFlow } from './udp-fault.js';

export interface ShareOptions {
  /** Of how many it happens to, at random. Range 0 to 1. */
  readonly share: number;
  /** Gives numbers from 0 to 1, 1 left out. Default `Math.random`; a test that is to repeat itself brings its own. */
  readonly random?: () => number;
}

export interface UdpLatencyOptions {
  /** Range 0 to 600,000 ms. */
  readonly latencyMs: number;
  /** Added or taken away at random; datagrams overtake each other by it. Range 0 to 600,000 ms, default 0. */
  readonly jitterMs?: number;
}

/** What a {@link UdpFaultProxy} can do to datagrams. An option out of range is `InvalidArgument` that names it. */
export const udpFaults = {
  /** A share of datagrams is lost. */
  loss: (options: ShareOptions): UdpFault => sometimes('lost', options, (send) => ({ hit: () => {}, missed: send })),
  /** A share of datagrams arrives twice. */
  duplication: (options: ShareOptions): UdpFault =>
    sometimes('doubled', options, (send) => ({
      hit: (datagram) => {
        send(datagram);
        send(datagram);
      },
      missed: send,
    })),
  /** A share of datagrams arrives after the one that was sent next. */
  reordering: (options: ShareOptions): UdpFault => sometimes('late by one', options, reordered),
  /** A share of datagrams has one bit flipped. */
  corruption: (options: ShareOptions): UdpFault =>
    sometimes('corrupted', options, (send) => ({ hit: (datagram) => send(flipped(datagram)), missed: send })),
  /** Each datagram arrives later. */
  latency: ({ latencyMs, jitterMs }: UdpLatencyOptions): UdpFault => {
    const range = { min: 0, max: 600_000, fallback: 0, integer: false };
    const base = checkedNumber('latency.latencyMs', latencyMs, range);
    const jitter = checkedNumber('latency.jitterMs', jitterMs, range);
    return {
      name: `latency of ${base} ± ${jitter} ms`,
      flow: (send) => delayed(send, () => base + (Math.random() * 2 - 1) * jitter),
    };
  },
} as const;

interface Branches {
  readonly hit: (datagram: Buffer) => void;
  readonly missed: (datagram: Buffer) => void;
  readonly stop?: () => void;
}

function sometimes(
  what: string,
  { share, random = Math.random }: ShareOptions,
  branches: (send: (datagram: Buffer) => void) => Branches,
): UdpFault {
  const checked = checkedNumber(`${what} share`, share, { min: 0, max: 1, fallback: 0, integer: false });
  return {
    name: `${checked * 100} % ${what}`,
    flow: (send) => {
      const { hit, missed, stop } = branches(send);
      return {
        take: (datagram) => (random() < checked ? hit : missed)(datagram),
        ...(stop === undefined ? {} : { stop }),
      };
    },
  };
}

function reordered(send: (datagram: Buffer) => void): Branches {
  let held: Buffer | undefined;
  const release = (): void => {
    const late = held;
    held = undefined;
    if (late !== undefined) send(late);
  };
  const missed = (datagram: Buffer): void => {
    send(datagram);
    release();
  };
  return {
    hit: (datagram) => {
      if (held !== undefined) return missed(datagram);
      held = datagram;
    },
    missed,
    stop: release,
  };
}

function delayed(send: (datagram: Buffer) => void, delayMs: () => number): UdpFlow {
  const underWay = new Map<NodeJS.Timeout, Buffer>();
  return {
    take: (datagram) => {
      const timer = setTimeout(
        () => {
          underWay.delete(timer);
          send(datagram);
        },
        Math.max(0, delayMs()),
      );
      underWay.set(timer, datagram);
    },
    stop: () => {
      for (const [timer, datagram] of underWay) {
        clearTimeout(timer);
        send(datagram);
      }
      underWay.clear();
    },
  };
}

function flipped(datagram: Buffer): Buffer {
  const changed = Buffer.from(datagram);
  const at = Math.floor(Math.random() * changed.byteLength);
  if (changed.byteLength > 0) changed[at] = (changed[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
  return changed;
}
