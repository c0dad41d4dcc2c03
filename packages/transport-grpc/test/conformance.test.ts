import { transportConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { newFixture } from './fixture.js';
import { testTls } from './test-tls.js';

describe('in the clear', () => {
  transportConformance({ describe, it }, { create: () => newFixture() });
});

describe('under TLS', () => {
  transportConformance({ describe, it }, { create: () => newFixture({}, testTls()) });
});
