import { brokerCases, registryCases } from '@tenon/conformance';
import { brokenBrokers } from './mutants/broker/broken-broker.js';
import { brokerMutants } from './mutants/broker/broker-mutants.js';
import { proveCases } from './mutants/prove-cases.js';
import { brokenRegistries } from './mutants/registry/broken-registry.js';
import { registryMutants } from './mutants/registry/registry-mutants.js';

proveCases('registry', registryCases, brokenRegistries(), registryMutants);
proveCases('broker', brokerCases, brokenBrokers(), brokerMutants);
