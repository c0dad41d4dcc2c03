import type { Handlers } from '../workload/handlers.js';
import type { Connected, Serving } from './contestant.js';
import { connectMuxStreams, serveMuxStreams } from './mux/mux-streams.js';

// The floor for streams: the least that a multiplexed wire with streams does. One write for each turn of the event loop.

export const serve = (handlers: Handlers): Promise<Serving> => serveMuxStreams(handlers, { when: 'immediate' });
export const connect = (address: string): Promise<Connected> => connectMuxStreams(address, { when: 'immediate' }, pool);

const pool: Buffer[] = [];
