import { inboxConformance } from '@tenon/conformance';
import { describe, it } from 'vitest';
import { memoryInboxFixtures } from './fixture.js';

inboxConformance({ describe, it }, memoryInboxFixtures());
