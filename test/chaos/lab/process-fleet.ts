import type { Meeting } from '../nodes/orders.js';
import { type Caller, type CallerOptions, CannotHave, type Fleet, type FleetNode, type NodeOptions } from './fleet.js';
import { Journals } from './journals.js';
import { ProcessCaller } from './process-caller.js';
import { ProcessNode } from './process-node.js';

/** Processes on loopback ports that meet in an etcd. */
export class ProcessFleet implements Fleet {
  readonly meeting: Meeting;
  readonly #journals = new Journals();
  readonly #nodes: ProcessNode[] = [];
  readonly #callers: ProcessCaller[] = [];
  #started = 0;

  constructor(meeting: Meeting) {
    this.meeting = meeting;
  }

  get nodes(): readonly FleetNode[] {
    return this.#nodes.filter(({ process }) => process.isRunning);
  }

  async start(options: NodeOptions = {}): Promise<FleetNode> {
    this.#started += 1;
    const name = `node-${this.#started}`;
    const node = await ProcessNode.start(name, this.#journals.fileOf(name), this.meeting, options);
    this.#nodes.push(node);
    return node;
  }

  async caller(options: CallerOptions = {}): Promise<Caller> {
    const caller = await ProcessCaller.start(this.meeting, options);
    this.#callers.push(caller);
    return caller;
  }

  loseRegistry(): never {
    throw new CannotHave('the registry of processes is a server of the lab, to be killed there');
  }

  executions(): ReadonlyMap<string, number> {
    return this.#journals.executions();
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#callers, ...this.#nodes].map((one) => one.dispose()));
    this.#journals.remove();
  }
}
