import { createApp } from 'tenon';
import { ClockService } from './clock-service.js';

// The first terminal: serves until Ctrl-C. Start it twice, and the callers use both.
const app = await createApp({ services: [ClockService], profile: 'standard' });
await app.run();
