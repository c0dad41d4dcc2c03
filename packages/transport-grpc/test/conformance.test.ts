import { transportConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { testTls } from '../../../test/tls/test-tls.js';
import { newFixture } from './fixture.js';

describe('in the clear', () => {
  transportConformance({ describe, it }, { create: () => newFixture() });
});

describe('under TLS', () => {
  transportConformance({ describe, it }, { create: () => newFixture({}, testTls()) });
});
