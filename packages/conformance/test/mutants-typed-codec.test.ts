import { typedCodecCases } from '@tenon/conformance';
import { proveCases } from './mutants/prove-cases.js';
import { typedCodecMutants } from './mutants/typed-codec-mutants.js';
import { typedFixtures } from './typed-codec.js';

proveCases('typed codec', typedCodecCases, typedFixtures(), typedCodecMutants);
