import { codecConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { jsonFixtures } from './fixture.js';

codecConformance({ describe, it }, jsonFixtures);
