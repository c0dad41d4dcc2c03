import { codecCases, codecConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { jsonFixtures, richFixtures } from './codec-fixture.js';
import { linkingFixtures } from './linking-fixtures.js';
import { codecMutants } from './mutants/codec-mutants.js';
import { proveCases } from './mutants/prove-cases.js';

proveCases('codec', codecCases, jsonFixtures(), codecMutants);

codecConformance({ describe: (name, body) => describe(`${name} with every capability`, body), it }, richFixtures());

codecConformance({ describe: (name, body) => describe(`${name} with linked sessions`, body), it }, linkingFixtures());
