import type { Serializable } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NodeProcess, type NodeProcessOptions } from '@tenon/testing/node-process';
import { Questions } from '../nodes/questions.js';

/**
 * A script of `test/chaos/nodes` in a process of its own: gets its order as its one argument, in JSON, sends `{ ready: … }`, and
 * answers questions (`answerQuestions`).
 */
export class LabProcess implements AsyncDisposable {
  readonly process: NodeProcess;
  /** What it sent as `ready`. */
  readonly ready: unknown;
  readonly #questions: Questions;

  private constructor(process: NodeProcess, ready: unknown) {
    this.process = process;
    this.ready = ready;
    this.#questions = new Questions(process);
  }

  /** @param script - `serve` for `test/chaos/nodes/serve.ts`. */
  static async start(
    script: string,
    order: object,
    options: Pick<NodeProcessOptions, 'flags' | 'wrapper' | 'name' | 'environment'> = {},
  ): Promise<LabProcess> {
    const file = fileURLToPath(new URL(`../nodes/${script}.js`, import.meta.url));
    const process = new NodeProcess(file, { name: script, ...options, parameters: [JSON.stringify(order)] });
    try {
      const ready = (message: unknown): object | false =>
        typeof message === 'object' && message !== null && 'ready' in message && message;
      const message = await process.message(ready, startWithinMs);
      return new LabProcess(process, (message as { ready: unknown }).ready);
    } catch (failure) {
      await process[Symbol.asyncDispose]();
      throw failure;
    }
  }

  /** Asks one of the script's handlers. Rejects with what it failed with, when the process ends, and after `withinMs`. */
  ask<T>(what: string, value?: Serializable, withinMs = answerWithinMs): Promise<T> {
    const answer = this.#questions.ask<T>(what, value, withinMs);
    // A row that fails meanwhile waits for it no longer: then nobody need know that the process was ended under it.
    answer.catch(() => {});
    return answer;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process[Symbol.asyncDispose]();
  }
}

/** Nodes start behind all others of the machine, which may be many. */
const startWithinMs = 120_000;
const answerWithinMs = 20_000;
