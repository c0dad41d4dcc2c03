import type { Handlers } from '../workload/handlers.js';
import type { Connected, Serving } from './contestant.js';
import { connectMux, serveMux } from './mux/mux.js';

// The floor: the least that a multiplexed wire with plain MessagePack does. One write for each turn of the event loop.

export const serve = (handlers: Handlers): Promise<Serving> => serveMux(handlers, { when: 'immediate' });
export const connect = (address: string): Promise<Connected> => connectMux(address, { when: 'immediate' }, pool);

const pool: Buffer[] = [];
