import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/**
 * A port of 127.0.0.1 that answers no SYN, as behind a firewall that drops: it listens, its queue is full, and nobody
 * accepts, so the system (Linux) drops who else comes.
 */
export class SynHole implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #fillers: readonly Socket[];

  private constructor(worker: Worker, fillers: readonly Socket[]) {
    this.#worker = worker;
    this.#fillers = fillers;
  }

  /** @param port - that nobody listens on any more. */
  static async at(port: number): Promise<SynHole> {
    const worker = new Worker(listener, { eval: true, workerData: port });
    await once(worker, 'message');
    const fillers = Array.from({ length: 3 }, () => connect({ host: '127.0.0.1', port }));
    for (const socket of fillers) socket.on('error', () => {});
    const [first] = fillers;
    if (first !== undefined) await once(first, 'connect');
    return new SynHole(worker, fillers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#fillers) socket.destroy();
    await this.#worker.terminate();
  }
}

/** Listens with the shortest queue there is, says so, and never accepts because its loop stands still. */
const listener = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
createServer().listen({ host: '127.0.0.1', port: workerData, backlog: 1 }, () => {
  parentPort.postMessage('listening');
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});
`;
