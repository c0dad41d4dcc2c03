import { brokerConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { natsBrokerFixtures } from './fixture.js';

describe('NATS', () => {
  brokerConformance({ describe, it }, natsBrokerFixtures({ jetStream: false }));
});

describe('NATS with JetStream', () => {
  brokerConformance({ describe, it }, natsBrokerFixtures({ delivery: 'atLeastOnce' }));
});

describe('NATS with the envelope of go-micro', () => {
  brokerConformance({ describe, it }, natsBrokerFixtures({ envelope: 'go-micro', delivery: 'atLeastOnce' }), {
    knownFailing: [
      {
        case: 'a message arrives as it was published: id, time, content type, metadata, trace and body',
        reason: 'it has no field for the time',
        issue: 'docs/wire/nats-envelope.md: the form is go-micro’s, byte for byte',
      },
    ],
  });
});
