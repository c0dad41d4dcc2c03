import { brokerConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { httpBrokerFixtures } from './fixture.js';

const tolerated = [{ createdBy: 'utcDate', reason: 'Node keeps the text of the Date header for up to a second' }];

describe('HTTP', () => {
  brokerConformance({ describe, it }, httpBrokerFixtures({ hasSpool: false }), { tolerated });
});

describe('HTTP with a spool', () => {
  brokerConformance({ describe, it }, httpBrokerFixtures({ hasSpool: true }), { tolerated });
});
