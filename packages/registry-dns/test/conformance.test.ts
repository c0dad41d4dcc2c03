import { type KnownFailure, type RegistryFixtureFactory, registryConformance } from '@tenon/conformance';
import type { Registry } from '@tenon/contract';
import { describe, it } from 'vitest';
import { registryOn, startedServer } from './fixture.js';

/** What `list` asks for. */
const services = { greeter: '_greeter._tcp.shop.internal', mailer: '_mailer._tcp.shop.internal' };

/** Registries over the same empty zone, which take every registration and show none. */
const fixtures: RegistryFixtureFactory = {
  create: async () => {
    const server = await startedServer();
    const clients: Registry[] = [];
    const newClient = (): Registry => {
      const client = registryOn(server, { registrations: 'any', services });
      clients.push(client);
      return client;
    };
    return {
      registry: newClient(),
      another: async () => newClient(),
      minTtlMs: 1_000,
      crash: async () => {},
      faults: {
        cut: async () => {
          server.manner = 'servfail';
        },
        heal: async () => {
          server.manner = 'well';
        },
      },
      dispose: async () => {
        for (const client of clients) await client.close();
        await server.close();
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
  'a lost lease is announced with its reason, registered again and renewed',
  'a lost back end is an error event and never an empty set, and a whole set heals it',
  'while the back end is lost, calls reject with Unavailable or answer, as declared, and work again after it',
  'a watch that begins while the back end is lost yields an error, then the whole set',
];

const knownFailing: readonly KnownFailure[] = notWritten.map((name) => ({
  case: name,
  reason: 'DNS is not written to by registering',
  issue,
}));

// What fails does so by waiting for it.
registryConformance({ describe, it }, fixtures, { knownFailing, patienceMs: 1_000 });
