import { brokerCases, inboxCases, registryCases } from '@tenon/conformance';
import { brokenBrokers } from './mutants/broker/broken-broker.js';
import { brokerMutants } from './mutants/broker/broker-mutants.js';
import { brokenInboxes } from './mutants/inbox/broken-inbox.js';
import { inboxMutants } from './mutants/inbox/inbox-mutants.js';
import { proveCases } from './mutants/prove-cases.js';
import { brokenRegistries } from './mutants/registry/broken-registry.js';
import { registryMutants } from './mutants/registry/registry-mutants.js';

proveCases('registry', registryCases, brokenRegistries(), registryMutants);
proveCases('broker', brokerCases, brokenBrokers(), brokerMutants);
proveCases('inbox store', inboxCases, brokenInboxes(), inboxMutants);
