import { registryConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { memoryRegistryFixtures } from './fixture.js';

registryConformance({ describe, it }, memoryRegistryFixtures());
