import { inboxConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { natsInboxFixtures } from './fixture.js';

inboxConformance({ describe, it }, natsInboxFixtures());
