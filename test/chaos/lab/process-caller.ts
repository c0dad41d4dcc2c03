import type { Serializable } from 'node:child_process';
import type { NodeProcess } from '@tenon/testing/node-process';
import type { SingleCall } from '../nodes/loads.js';
import type { FollowFindings, FollowOrder } from '../nodes/long-streams.js';
import type {
  CallerReport,
  CallFindings,
  CallOrder,
  LoadFindings,
  LoadOrder,
  LoopFindings,
  LoopOrder,
  Meeting,
  SeenSet,
} from '../nodes/orders.js';
import type { OfferFindings, OfferOrder, ReadFindings, ReadOrder } from '../nodes/stream-loads.js';
import type { Caller, CallerOptions } from './fleet.js';
import { goesFirst } from './goes-first.js';
import { LabProcess } from './lab-process.js';

/** A caller that is a process of its own. */
export class ProcessCaller implements Caller {
  readonly #process: LabProcess;

  private constructor(process: LabProcess) {
    this.#process = process;
  }

  static async start(
    meeting: Meeting,
    { flags = [], wrapper = [], ...options }: CallerOptions,
  ): Promise<ProcessCaller> {
    const order: CallOrder = { ...meeting, ...options };
    const parts = { flags, wrapper: [...goesFirst(), ...wrapper], name: 'the caller' };
    return new ProcessCaller(await LabProcess.start('call', order, parts));
  }

  get process(): NodeProcess {
    return this.#process.process;
  }

  load(order: LoadOrder): Promise<LoadFindings> {
    return this.#process.ask('load', order, order.durationMs + 60_000);
  }

  progress(name: string): ReturnType<Caller['progress']> {
    return this.#process.ask('progress', name);
  }

  stop(name: string): Promise<void> {
    return this.#process.ask('stop', name);
  }

  sets(): Promise<readonly SeenSet[]> {
    return this.#process.ask('sets');
  }

  call(call: SingleCall): Promise<CallFindings> {
    return this.#process.ask('call', call, (call.options?.timeoutMs ?? 10_000) + answerWithinMs);
  }

  loop(order: LoopOrder): Promise<LoopFindings> {
    return this.#process.ask('loop', order, order.durationMs + 60_000);
  }

  read(order: ReadOrder): Promise<ReadFindings> {
    return this.#process.ask('read', order, order.durationMs + 60_000);
  }

  stopReading(name: string): Promise<void> {
    return this.#process.ask('stopReading', name);
  }

  follow(order: FollowOrder): Promise<FollowFindings> {
    return this.#process.ask('follow', order, Math.max(...order.lengths) * order.everyMs + 60_000);
  }

  followed(): Promise<number> {
    return this.#process.ask('followed');
  }

  offer(order: OfferOrder): Promise<OfferFindings> {
    return this.#process.ask('offer', order, 120_000);
  }

  /** Any other question to the process. */
  ask<T>(what: string, value: Serializable, withinMs: number): Promise<T> {
    return this.#process.ask(what, value, withinMs);
  }

  report(): Promise<CallerReport> {
    return this.#process.ask('report');
  }

  async close(): Promise<void> {
    await this.#process.ask('close');
    await this.process.ended(answerWithinMs);
  }

  dispose(): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}

const answerWithinMs = 20_000;
