import { transportConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { memoryFixtures } from './fixture.js';

transportConformance({ describe, it }, memoryFixtures);
