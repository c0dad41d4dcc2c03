import { codecConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { msgpackFixtures } from './fixture.js';

codecConformance({ describe, it }, msgpackFixtures);
