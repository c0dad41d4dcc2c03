import { brokerConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { redisBrokerFixtures } from './fixture.js';

describe('Redis', () => {
  brokerConformance({ describe, it }, redisBrokerFixtures());
});

describe('Redis, at least once by default', () => {
  brokerConformance({ describe, it }, redisBrokerFixtures({ delivery: 'atLeastOnce' }));
});
