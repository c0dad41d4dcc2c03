import { registryConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { multiRegistryFixtures } from './fixture.js';

registryConformance({ describe, it }, multiRegistryFixtures());
