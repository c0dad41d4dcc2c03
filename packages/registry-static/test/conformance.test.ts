import { type KnownFailure, type RegistryFixtureFactory, registryConformance } from '@tenon/conformance';
import type { Registry } from '@tenon/contract';
import { describe, it } from 'vitest';
import { staticRegistry } from '../src/index.js';

/** Registries over the same empty list, which take every registration and show none. */
const fixtures: RegistryFixtureFactory = {
  create: () => {
    const clients: Registry[] = [];
    const another = async (): Promise<Registry> => {
      const client = (staticRegistry({}, { registrations: 'any' }).create as () => Registry)();
      clients.push(client);
      return client;
    };
    const registry = (staticRegistry({}, { registrations: 'any' }).create as () => Registry)();
    return {
      registry,
      another,
      minTtlMs: 1_000,
      crash: async () => {},
      dispose: async () => {
        for (const client of [registry, ...clients]) await client.close();
      },
    };
  },
};

const issue = 'docs/decisions/0029-registries-that-nobody-writes-to.md';

/** Cases that want a registration to be found. */
const notWritten: readonly string[] = [
  'a registered node is found by every client',
  'the same node registered twice is one, as it was registered last',
  'a node registered again under another version leaves its earlier one',
  'nodes of one version are one record, and of two versions two',
  'metadata and endpoints come back as they were given: unicode, 64 KiB and empty values',
  'metadata keys named __proto__ or constructor are only data',
  'releasing removes the named node only',
  'the list is the sorted names of services that have a node',
  'names that resemble each other are services of their own',
  '100 concurrent registrations are all found, and all removed again',
  'a record is copied: later changes to what was given or found change nothing',
  'what callers hand over is left as it was',
  'the first event of a watch is the whole set, at once',
  'each later event is the whole newest set',
  'changes are seen in the order in which they were made',
  'a change of another service is no event',
  'a slow reader gets the newest set, not each between',
  'two watches of one service are independent',
  'closing the registry ends its watches without an error, and no other client’s',
  'the node of a vanished process disappears after its time to live, where entries expire',
  'a held lease keeps its node beyond its time to live',
  'a released lease is not renewed into existence again',
];

/** Cases that want the back end to be lost. */
const neverLost: readonly string[] = [
  'a lost lease is announced with its reason, registered again and renewed',
  'a lost back end is an error event and never an empty set, and a whole set heals it',
  'while the back end is lost, calls reject with Unavailable or answer, as declared, and work again after it',
  'a watch that begins while the back end is lost yields an error, then the whole set',
  'releasing and closing while the back end is lost resolve, and renew no more',
];

const knownFailing: readonly KnownFailure[] = [
  ...notWritten.map((name) => ({ case: name, reason: 'a list is not written to by registering', issue })),
  ...neverLost.map((name) => ({ case: name, reason: 'a list has no back end that could be lost', issue })),
];

// What fails does so by waiting for it.
registryConformance({ describe, it }, fixtures, { knownFailing, patienceMs: 300 });
