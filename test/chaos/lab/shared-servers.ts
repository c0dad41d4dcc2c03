import { BackEnd } from '../../e2e/back-end.js';

/** The servers that the cells of a run share, started when the first cell asks. */
export class SharedServers implements AsyncDisposable {
  readonly #install: (programs?: readonly string[]) => Promise<void>;
  readonly #installing = new Map<string, Promise<void>>();
  #etcd: Promise<BackEnd> | undefined;

  /** @param install - makes sure that programs are there, by default etcd and nats-server; asked once, where a cell needs them. */
  constructor(install: (programs?: readonly string[]) => Promise<void>) {
    this.#install = install;
  }

  /** Rejects, saying how to install it, where a program cannot be had. */
  installed(...programs: readonly string[]): Promise<void> {
    const key = programs.join();
    const installing = this.#installing.get(key) ?? this.#install(programs.length === 0 ? undefined : programs);
    this.#installing.set(key, installing);
    return installing;
  }

  /** `host:port` */
  async etcd(): Promise<string> {
    this.#etcd ??= this.installed().then(() => BackEnd.started('etcd'));
    return (await this.#etcd).address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#etcd?.catch(() => undefined))?.dispose();
  }
}
