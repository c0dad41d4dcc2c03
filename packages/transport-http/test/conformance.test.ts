import { transportConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { newFixture } from './fixture.js';

const tolerated = [{ createdBy: 'utcDate', reason: 'Node keeps the text of the Date header for up to a second' }];

transportConformance({ describe, it }, { create: () => newFixture() }, { tolerated });
