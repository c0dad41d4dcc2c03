import { FaultProxy, faults } from '@tenon/testing/fault-proxy';
import type { NodeProcess, ProcessEnd } from '@tenon/testing/node-process';
import type { ServerAddress } from 'tenon';
import type { Holdings } from '../nodes/holdings.js';
import type { Meeting, ServeOrder } from '../nodes/orders.js';
import type { SeenSeries } from '../nodes/seen-meter.js';
import type { FeltCancel, TargetReport, TargetSettings } from '../nodes/target-state.js';
import { CannotHave, type Cut, type FleetNode, type NodeOptions } from './fleet.js';
import { freePort } from './free-port.js';
import { startsBehind, takesItsPlace } from './goes-first.js';
import { LabProcess } from './lab-process.js';
import { SynHole } from './syn-hole.js';

/** A node that is a process of its own. */
export class ProcessNode implements FleetNode {
  readonly name: string;
  readonly address: string;
  readonly #proxy: FaultProxy | undefined;
  readonly #process: LabProcess;
  #hole: SynHole | undefined;

  private constructor(name: string, process: LabProcess, proxy: FaultProxy | undefined) {
    this.name = name;
    this.address = (process.ready as ServerAddress).advertise;
    this.#process = process;
    this.#proxy = proxy;
  }

  /** Resolves when it is registered. */
  static async start(name: string, journal: string, meeting: Meeting, options: NodeOptions): Promise<ProcessNode> {
    const { proxied = false, flags = [], wrapper = [], server = {}, ...rest } = options;
    const port = proxied ? await freePort() : 0;
    const proxy = proxied ? await FaultProxy.start({ host: '127.0.0.1', port }) : undefined;
    const addresses = proxy === undefined ? {} : { listen: `127.0.0.1:${port}`, advertise: proxy.address };
    const order: ServeOrder = { ...meeting, ...rest, node: name, journal, server: { ...addresses, ...server } };
    try {
      // A wrapper has a place for it already.
      const isPlaced = wrapper.length > 0;
      const process = await LabProcess.start('serve', order, {
        flags,
        wrapper: isPlaced ? wrapper : startsBehind(),
        name,
      });
      if (!isPlaced) await takesItsPlace(process.process.pid);
      return new ProcessNode(name, process, proxy);
    } catch (failure) {
      await proxy?.close();
      throw failure;
    }
  }

  get process(): NodeProcess {
    return this.#process.process;
  }

  get proxy(): FaultProxy {
    if (this.#proxy === undefined) throw new CannotHave(`${this.name} was started without a proxy before it`);
    return this.#proxy;
  }

  report(): Promise<TargetReport> {
    return this.#process.ask('report');
  }

  cancels(): Promise<readonly FeltCancel[]> {
    return this.#process.ask('cancels');
  }

  async breakConnections(): Promise<void> {
    this.proxy.reset();
  }

  series(instrument: string): Promise<readonly SeenSeries[]> {
    return this.#process.ask('series', instrument);
  }

  seriesCounts(): Promise<Readonly<Record<string, number>>> {
    return this.#process.ask('seriesCounts', undefined);
  }

  heldNow(): Promise<number> {
    return this.#process.ask('heldNow');
  }

  watchHeld(): Promise<void> {
    return this.#process.ask('watchHeld', undefined);
  }

  mostHeld(): Promise<number> {
    return this.#process.ask('mostHeld', undefined);
  }

  holdings(): Promise<Holdings> {
    return this.#process.ask('holdings');
  }

  settings(settings: TargetSettings): Promise<void> {
    return this.#process.ask('settings', settings);
  }

  block(ms: number): Promise<void> {
    return this.#process.ask('block', ms, ms + answerWithinMs);
  }

  terminate(withinMs = 40_000): Promise<ProcessEnd> {
    this.process.terminate();
    return this.process.ended(withinMs);
  }

  async kill(): Promise<void> {
    this.process.kill();
    await this.process.ended(answerWithinMs);
  }

  pause(): void {
    this.process.pause();
  }

  resume(): void {
    this.process.resume();
  }

  async cut(how: Cut): Promise<void> {
    const { proxy } = this;
    if (how === 'refused') {
      proxy.refuse();
      proxy.reset();
    } else {
      proxy.inject(how === 'half-open' ? faults.halfOpen() : faults.blackHole());
    }
    if (how === 'dropped') {
      proxy.refuse();
      this.#hole = await SynHole.at(proxy.port);
    }
  }

  async heal(): Promise<void> {
    await this.#hole?.[Symbol.asyncDispose]();
    this.#hole = undefined;
    await this.proxy.heal();
  }

  async dispose(): Promise<void> {
    await this.#hole?.[Symbol.asyncDispose]();
    await this.#process[Symbol.asyncDispose]();
    await this.#proxy?.close();
  }
}

const answerWithinMs = 10_000;
