import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Message, Node, Registry, Tls } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { MemoryRegistryStore } from '@tenon/registry-memory';
import { HttpBroker } from '../src/http-broker.js';
import { type HttpBrokerOptions, resolveHttpBrokerOptions } from '../src/http-broker-options.js';
import { LogLines } from './log-lines.js';
import { registryOver } from './registries.js';

/** Brokers that share a registry, and what a test opens beside them: all of it is closed at its end. */
export class Stage implements AsyncDisposable {
  readonly store = new MemoryRegistryStore();
  readonly log = new LogLines();
  readonly #ends: (() => Promise<unknown> | undefined)[] = [];

  async broker(options: HttpBrokerOptions = {}, parts: StageParts = {}): Promise<HttpBroker> {
    const { clock = systemClock(), brokerClock = systemClock(), tls } = parts;
    const registry = this.registry(clock);
    const broker = new HttpBroker(resolveHttpBrokerOptions(options), {
      registry,
      clock: brokerClock,
      logger: this.log,
      tls,
    });
    this.onEnd(() => broker.close());
    await broker.start(new AbortController().signal);
    return broker;
  }

  registry(clock: Clock = systemClock()): Registry {
    const registry = registryOver(this.store, clock);
    this.onEnd(() => registry.close());
    return registry;
  }

  /** A folder of its own. */
  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'tenon-spool-'));
    this.onEnd(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  /** Puts a subscription into the registry that is none of ours. */
  async subscriber(version: string, node: Node): Promise<void> {
    const record = { name: 'micro.http.broker', version, metadata: {}, endpoints: [], nodes: [node] };
    await this.registry().register(record, { ttlMs: 60_000 });
  }

  onEnd(end: () => Promise<unknown> | undefined): void {
    this.#ends.push(end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
  }
}

/** What a broker is made with. */
export interface StageParts {
  /** Of its registry. */
  readonly clock?: Clock;
  readonly brokerClock?: Clock;
  readonly tls?: Tls;
}

/** A message whose body is its id. */
export function messageOf(id: string, fields: Partial<Message> = {}): Message {
  return { id, timeMs: 1, contentType: 'text/plain', body: Buffer.from(id), metadata: {}, ...fields };
}

/** `m1`, `m2`, … */
export function idsFrom(stem: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${stem}${index + 1}`);
}
