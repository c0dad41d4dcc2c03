import { Cluster } from '@tenon/testing';
import type { FaultProxy } from '@tenon/testing/fault-proxy';
import type { NodeProcess, ProcessEnd } from '@tenon/testing/node-process';
import type { App } from 'tenon';
import { Choices } from '../nodes/choices.js';
import type { Holdings } from '../nodes/holdings.js';
import { Loads, type SingleCall } from '../nodes/loads.js';
import { type FollowFindings, type FollowOrder, LongStreams } from '../nodes/long-streams.js';
import type {
  CallerReport,
  CallFindings,
  LoadFindings,
  LoadOrder,
  LoopFindings,
  LoopOrder,
  Meeting,
  SeenSet,
} from '../nodes/orders.js';
import type { SeenSeries } from '../nodes/seen-meter.js';
import {
  type OfferFindings,
  type OfferOrder,
  type ReadFindings,
  type ReadOrder,
  StreamLoads,
} from '../nodes/stream-loads.js';
import { Target, targetModules } from '../nodes/target.js';
import { type FeltCancel, type TargetReport, type TargetSettings, TargetState } from '../nodes/target-state.js';
import { type Caller, type CallerOptions, CannotHave, type Fleet, type FleetNode, type NodeOptions } from './fleet.js';
import { goFirst } from './goes-first.js';
import { Journals } from './journals.js';

/** Apps in this process, over memory: SIGTERM is a drain, SIGKILL a cut; nothing can be frozen or put behind a proxy. */
export class MemoryFleet implements Fleet {
  readonly #cluster = new Cluster();
  readonly #journals = new Journals();
  readonly #nodes: MemoryNode[] = [];
  #started = 0;
  #goAsOthers: (() => void) | undefined;

  get meeting(): Meeting {
    throw new CannotHave(noProcess);
  }

  get nodes(): readonly FleetNode[] {
    return this.#nodes.filter((node) => node.isRunning);
  }

  async start({ proxied, flags, wrapper, server, drainTimeoutMs, logLevel }: NodeOptions = {}): Promise<FleetNode> {
    if (proxied === true) throw new CannotHave('the memory wire has no socket to put a proxy before');
    if (flags !== undefined || wrapper !== undefined) throw new CannotHave(noProcess);
    this.#started += 1;
    const name = `node-${this.#started}`;
    const state = new TargetState(name, this.#journals.fileOf(name));
    const app = await this.#cluster.start({
      services: [Target],
      modules: targetModules(state),
      ...(server === undefined ? {} : { server }),
      ...(logLevel === undefined ? {} : { log: { level: logLevel } }),
      ...(drainTimeoutMs === undefined ? {} : { drainTimeoutMs }),
    });
    const node = new MemoryNode(name, app, state, this.#cluster);
    this.#nodes.push(node);
    return node;
  }

  async caller({ flags, wrapper, client, strategy }: CallerOptions = {}): Promise<Caller> {
    if (flags !== undefined || wrapper !== undefined) throw new CannotHave(noProcess);
    this.#goAsOthers ??= goFirst();
    const choices = new Choices(strategy);
    const app = await this.#cluster.start({ client: { local: 'off', ...client }, modules: choices.modules });
    return new MemoryCaller(app, this.#cluster, choices);
  }

  loseRegistry(): void {
    this.#cluster.loseRegistry();
  }

  executions(): ReadonlyMap<string, number> {
    return this.#journals.executions();
  }

  async dispose(): Promise<void> {
    this.#goAsOthers?.();
    await this.#cluster.close();
    for (const node of this.#nodes) node.forget();
    this.#journals.remove();
  }
}

class MemoryNode implements FleetNode {
  isRunning = true;

  constructor(
    readonly name: string,
    private readonly app: App,
    private readonly state: TargetState,
    private readonly cluster: Cluster,
  ) {}

  get address(): string {
    return this.app.address?.advertise ?? '';
  }

  get proxy(): FaultProxy {
    throw new CannotHave('the memory wire has no socket to put a proxy before');
  }

  get process(): NodeProcess {
    throw new CannotHave(noProcess);
  }

  async report(): Promise<TargetReport> {
    return this.state.report();
  }

  async cancels(): Promise<readonly FeltCancel[]> {
    return this.state.cancels;
  }

  async breakConnections(): Promise<void> {
    this.cluster.isolate(this.app);
    this.cluster.rejoin(this.app);
  }

  async series(instrument: string): Promise<readonly SeenSeries[]> {
    return this.state.meter.series(instrument);
  }

  async seriesCounts(): Promise<Readonly<Record<string, number>>> {
    return this.state.meter.counts();
  }

  heldNow(): Promise<number> {
    throw new CannotHave(noProcess);
  }

  watchHeld(): Promise<void> {
    throw new CannotHave(noProcess);
  }

  mostHeld(): Promise<number> {
    throw new CannotHave(noProcess);
  }

  holdings(): Promise<Holdings> {
    throw new CannotHave(noProcess);
  }

  async settings(settings: TargetSettings): Promise<void> {
    this.state.settings = settings;
  }

  block(): Promise<void> {
    throw new CannotHave(noProcess);
  }

  async terminate(): Promise<ProcessEnd> {
    this.isRunning = false;
    await this.cluster.stop(this.app);
    return { code: 0, signal: null };
  }

  async kill(): Promise<void> {
    this.isRunning = false;
    await this.cluster.crash(this.app);
  }

  pause(): void {
    throw new CannotHave(noProcess);
  }

  resume(): void {
    throw new CannotHave(noProcess);
  }

  async cut(): Promise<void> {
    this.cluster.isolate(this.app);
  }

  async heal(): Promise<void> {
    this.cluster.rejoin(this.app);
  }

  forget(): void {
    this.state.close();
  }
}

class MemoryCaller implements Caller {
  readonly #loads: Loads;
  readonly #streams: StreamLoads;
  readonly #long: LongStreams;

  constructor(
    private readonly app: App,
    private readonly cluster: Cluster,
    choices: Choices,
  ) {
    this.#loads = new Loads(app, choices);
    this.#streams = new StreamLoads(app);
    this.#long = new LongStreams(app);
  }

  get process(): NodeProcess {
    throw new CannotHave(noProcess);
  }

  load(order: LoadOrder): Promise<LoadFindings> {
    return this.#loads.run(order);
  }

  async progress(name: string): Promise<ReturnType<Loads['progress']>> {
    return this.#loads.progress(name);
  }

  async stop(name: string): Promise<void> {
    this.#loads.stop(name);
  }

  sets(): Promise<readonly SeenSet[]> {
    throw new CannotHave('the memory wire has no registry that could be lost');
  }

  call(call: SingleCall): Promise<CallFindings> {
    return this.#loads.call(call);
  }

  loop(order: LoopOrder): Promise<LoopFindings> {
    return this.#loads.loop(order);
  }

  read(order: ReadOrder): Promise<ReadFindings> {
    return this.#streams.read(order);
  }

  async stopReading(name: string): Promise<void> {
    this.#streams.stop(name);
  }

  follow(order: FollowOrder): Promise<FollowFindings> {
    return this.#long.follow(order);
  }

  async followed(): Promise<number> {
    return this.#long.open;
  }

  offer(order: OfferOrder): Promise<OfferFindings> {
    return this.#streams.offer(order);
  }

  async ask<T>(what: string, value: unknown): Promise<T> {
    if (what === 'echo') return (await this.app.client(Target).echo(value)) as T;
    throw new CannotHave(noProcess);
  }

  async report(): Promise<CallerReport> {
    return this.#loads.report();
  }

  close(): Promise<void> {
    return this.cluster.stop(this.app);
  }
}

const noProcess = 'the nodes of the memory wire are one process, which cannot be frozen, blocked or started otherwise';
