import { existsSync, readdirSync } from 'node:fs';
import type { Provider, Registry } from '@tenon/contract';
import { Clock, Logger } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';

/** A registry as it is measured: `test/discovery-back-end.ts` of its package. */
export interface BackEnd {
  readonly name: string;
  /** What runs behind it: `etcd 3.4 of Debian`, `a double of a Consul agent`, `nothing`. */
  readonly what: string;
  /** How long an entry outlives its process. */
  readonly ttlMs: number;
  /** What else a killed node waits for before it is gone, in milliseconds; see the bar of the issue: TTL + 2 s where this is 0. */
  readonly extraMs?: number;
  /** How many nodes the large set may have, where the back end does not bear 10,000. Default 10,000. */
  readonly mostNodes?: number;
  /** Whether something written for tests stands in for the real server. Default false. */
  readonly isDouble?: boolean;
  /** Starts what it needs. Rejects with an error named `Missing` where this machine does not have it. */
  start(): Promise<RunningBackEnd>;
}

export interface RunningBackEnd extends AsyncDisposable {
  /** What another process needs to connect to it, as JSON. */
  readonly where: unknown;
  /** The server behind it, to be harmed. Absent where there is none. */
  readonly server?: BackEndServer;
}

/** A server and the ways in which it fails. */
export interface BackEndServer {
  /** Where clients connect: `127.0.0.1:2379`. The same after each start. */
  readonly address: string;
  /** `where`, for clients that come by another address: of a proxy before it. */
  behind(address: string): unknown;
  /** Ends it as a power cut does. What it has on disk stays. */
  kill(): Promise<void>;
  /** Starts it again on the same address, and resolves when it serves. */
  start(): Promise<void>;
  /** Forgets the data, while it is down. */
  clear(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Starts it anew so that it keeps who does not renew, once too many do not. Absent where no setting does that. */
  keepTheDead?(): Promise<void>;
  /** How many watches of clients it holds, where it can tell. */
  watches?(): Promise<number>;
}

/** What such a module exports. */
export interface BackEndModule {
  readonly backEnd: BackEnd;
  /** A client of it, not started. */
  readonly connect: (where: never) => Provider<Registry>;
}

/** The back ends of all packages that have one, by the names of their registries. */
export async function backEnds(): Promise<ReadonlyMap<string, BackEndModule>> {
  const packages = new URL('../../packages/', import.meta.url);
  const files = readdirSync(packages)
    .filter((name) => name.startsWith('registry-'))
    .sort()
    .map((name) => new URL(`${name}/test/discovery-back-end.ts`, packages))
    .filter((file) => existsSync(file));
  const modules = await Promise.all(files.map(async (file) => (await import(file.href)) as BackEndModule));
  return new Map(modules.map((module) => [module.backEnd.name, module]));
}

/** A registry as an application would have it: with the system's clock and a logger that says nothing, started. */
export async function connected({ connect }: BackEndModule, where: unknown): Promise<Registry> {
  const { dependencies, create } = connect(where as never);
  const given = dependencies.map((token) => {
    if (token === Logger) return silentLogger();
    if (token === Clock) return systemClock();
    return undefined;
  });
  const registry = create(...(given as never[]));
  await (registry as Registry & { start?: (signal: AbortSignal) => Promise<void> }).start?.(
    AbortSignal.timeout(20_000),
  );
  return registry;
}
