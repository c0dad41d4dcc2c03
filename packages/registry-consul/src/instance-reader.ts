import type { ServiceRecord } from '@tenon/contract';
import type { SkippedEntries } from '@tenon/contract/authoring';
import { type Instance, isAlive, recordOf } from './instance.js';

/**
 * Reads what others registered. An instance that cannot be used is left out and warned about; one that did not change is not unpacked
 * again and keeps its record, so that sets can be compared by identity.
 */
export class InstanceReader {
  readonly #skipped: SkippedEntries;
  /** What was read of each instance, oldest first. */
  readonly #known = new Map<string, { readonly text: string; readonly record: ServiceRecord | undefined }>();

  constructor(skipped: SkippedEntries) {
    this.#skipped = skipped;
  }

  /** The usable records of one service among some instances, one for each node that is alive, in the order of their ids. */
  read(service: string, instances: readonly Instance[]): readonly ServiceRecord[] {
    const records = instances.filter(isAlive).flatMap((instance) => this.#record(instance) ?? []);
    return records.filter(({ name }) => name === service).sort(byNodeId);
  }

  #record(instance: Instance): ServiceRecord | undefined {
    const { Node: machine, Service: service } = instance;
    const key = `${String(machine?.Node)}/${String(service?.ID)}`;
    const text = JSON.stringify([service?.Tags, service?.Address, service?.Port, machine?.Address, service?.Service]);
    const known = this.#known.get(key);
    if (known?.text === text) return known.record;
    let record: ServiceRecord | undefined;
    try {
      record = recordOf(instance);
    } catch (thrown) {
      this.#skipped.met(key, text, thrown);
    }
    this.#known.delete(key);
    this.#known.set(key, { text, record });
    if (this.#known.size > maxKnown) this.#known.delete(this.#known.keys().next().value ?? '');
    return record;
  }
}

function byNodeId(one: ServiceRecord, other: ServiceRecord): number {
  return (one.nodes[0]?.id ?? '') < (other.nodes[0]?.id ?? '') ? -1 : 1;
}

/** Only a bound for memory: beyond it, the oldest are unpacked once more. */
const maxKnown = 20_000;
