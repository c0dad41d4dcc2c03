/**
 * How often a member probes, spreads and exchanges, and how patient it is. All times in milliseconds.
 *
 * The names of the settings in memberlist stand in brackets.
 */
export interface GossipTimes {
  /** Between two probes of a member. [ProbeInterval] */
  readonly probeIntervalMs: number;
  /** How long an answer may take before others are asked to probe. [ProbeTimeout] */
  readonly probeTimeoutMs: number;
  /** How many others are asked. [IndirectChecks] */
  readonly indirectProbes: number;
  /** A suspect has `this × max(1, log10 members) × probeIntervalMs` to answer. [SuspicionMult] */
  readonly suspicionFactor: number;
  /** That many times as long, until others suspect it too. [SuspicionMaxTimeoutMult] */
  readonly suspicionMaxFactor: number;
  /** A member that finds itself slow probes up to so many times slower. [AwarenessMaxMultiplier] */
  readonly maxSlowdown: number;
  /** A message is sent `this × ceil(log10(members + 1))` times. [RetransmitMult] */
  readonly retransmitFactor: number;
  /** Between two rounds of spreading what has not gone out with probes. [GossipInterval] */
  readonly gossipIntervalMs: number;
  /** To how many members a round goes. [GossipNodes] */
  readonly gossipFanOut: number;
  /** How long the dead are still told, so that they can object; they are forgotten after it. [GossipToTheDeadTime] */
  readonly gossipToDeadMs: number;
  /** Between two exchanges of the whole state with somebody. [PushPullInterval] */
  readonly exchangeIntervalMs: number;
  /** How long a stream may take. [TCPTimeout] */
  readonly streamTimeoutMs: number;
  /** Between two attempts to find members again that were lost, and seeds. Serf's `ReconnectInterval` is 30 s. */
  readonly rejoinIntervalMs: number;
}

/** `local`: one machine. `lan`: one data centre. `wan`: across the world. */
export type GossipProfile = 'local' | 'lan' | 'wan';

/**
 * The times of a profile: memberlist's `DefaultLocalConfig`, `DefaultLANConfig` and `DefaultWANConfig`, which serf's agent takes for its
 * profiles of the same names too. One departs: `local` sends news as often as `lan` (memberlist: half as often), because otherwise about one
 * member in ten hears of who joins with the next exchange only, and loopback costs nothing.
 *
 * Source: https://pkg.go.dev/github.com/hashicorp/memberlist#DefaultLANConfig and the two beside it.
 */
export function profileTimes(profile: GossipProfile): GossipTimes {
  if (profile === 'local') return { ...lan, ...local };
  return profile === 'wan' ? { ...lan, ...wan } : lan;
}

const lan: GossipTimes = Object.freeze({
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  indirectProbes: 3,
  suspicionFactor: 4,
  suspicionMaxFactor: 6,
  maxSlowdown: 8,
  retransmitFactor: 4,
  gossipIntervalMs: 200,
  gossipFanOut: 3,
  gossipToDeadMs: 30_000,
  exchangeIntervalMs: 30_000,
  streamTimeoutMs: 10_000,
  rejoinIntervalMs: 10_000,
});

const local: Partial<GossipTimes> = Object.freeze({
  probeTimeoutMs: 200,
  indirectProbes: 1,
  suspicionFactor: 3,
  gossipIntervalMs: 100,
  gossipToDeadMs: 15_000,
  exchangeIntervalMs: 15_000,
  streamTimeoutMs: 1_000,
  rejoinIntervalMs: 5_000,
});

const wan: Partial<GossipTimes> = Object.freeze({
  probeIntervalMs: 5_000,
  probeTimeoutMs: 3_000,
  suspicionFactor: 6,
  gossipIntervalMs: 500,
  gossipFanOut: 4,
  gossipToDeadMs: 60_000,
  exchangeIntervalMs: 60_000,
  streamTimeoutMs: 30_000,
  rejoinIntervalMs: 30_000,
});
