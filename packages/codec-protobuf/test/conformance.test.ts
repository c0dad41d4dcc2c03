import { typedCodecConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { protobufFixtures } from './fixture.js';

typedCodecConformance({ describe, it }, protobufFixtures());

const closures = (name: string, body: () => void) => describe(`${name}, of closures`, body);
typedCodecConformance({ describe: closures, it }, protobufFixtures({ generateCode: false }));
