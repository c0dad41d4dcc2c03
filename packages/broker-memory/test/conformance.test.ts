import { brokerConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { memoryBrokerFixtures } from './fixture.js';

brokerConformance({ describe, it }, memoryBrokerFixtures());
