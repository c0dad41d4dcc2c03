import { transportCases } from '@tenon/conformance';
import { proveCases } from './mutants/prove-cases.js';
import { transportMutants } from './mutants/transport-mutants.js';
import { transportFixtures } from './transport-fixture.js';

proveCases('transport', transportCases, transportFixtures(), transportMutants);
