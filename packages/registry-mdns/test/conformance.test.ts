import { registryConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { mdnsFixtures } from './fixture.js';

registryConformance({ describe, it }, mdnsFixtures());
