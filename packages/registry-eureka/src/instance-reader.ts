import type { ServiceRecord } from '@tenon/contract';
import type { SkippedEntries } from '@tenon/contract/authoring';
import { type Instance, recordOf } from './instance.js';

/** Reads what others registered. An instance that cannot be used is left out and warned about. */
export class InstanceReader {
  readonly #skipped: SkippedEntries;

  constructor(skipped: SkippedEntries) {
    this.#skipped = skipped;
  }

  /** The record of an instance; undefined where it is malformed. */
  read(instance: Instance): ServiceRecord | undefined {
    try {
      return recordOf(instance);
    } catch (thrown) {
      this.#skipped.met(keyOf(instance), fingerprintOf(instance), thrown);
      return undefined;
    }
  }
}

/** What tells instances of a server apart. */
export function keyOf({ app, instanceId, hostName }: Instance): string {
  return `${String(app)}/${String(instanceId ?? hostName)}`;
}

/** What a record is made of: equal texts make equal records. */
export function fingerprintOf({ vipAddress, ipAddr, hostName, port, metadata }: Instance): string {
  return JSON.stringify([vipAddress, ipAddr, hostName, port, metadata]);
}
