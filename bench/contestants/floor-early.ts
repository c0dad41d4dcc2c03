import type { Handlers } from '../workload/handlers.js';
import type { Connected, Serving } from './contestant.js';
import { connectMux, serveMux } from './mux/mux.js';

// The same floor with an early flush: at the next tick, or before that once 32 frames or 16 KiB are pending. Client and
// server then work at the same time instead of in turns.

export const serve = (handlers: Handlers): Promise<Serving> => serveMux(handlers, { when: 'early' });
export const connect = (address: string): Promise<Connected> => connectMux(address, { when: 'early' }, pool);

const pool: Buffer[] = [];
