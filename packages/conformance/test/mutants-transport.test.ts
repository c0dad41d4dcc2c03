import { transportCases } from '@tenon/conformance';
import { proveCases } from './mutants/prove-cases.js';
import { unaryMutants } from './mutants/transport-mutants.js';
import { transportFixtures } from './transport-fixture.js';

const unaryCases = transportCases.filter(({ name }) => !name.includes(' stream: '));

proveCases('transport of unary calls', unaryCases, transportFixtures(), unaryMutants);
