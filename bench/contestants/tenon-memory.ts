import { MemoryNetwork, memoryTransport } from '@tenon/transport-memory';
import type { Handlers } from '../workload/handlers.js';
import type { Connected, Serving } from './contestant.js';
import { connectTenon, refusesInvalid, serveTenon } from './tenon/tenon.js';

// Tenon over the memory transport: two apps in one process, values by way of bytes.

export const inProcess = true;
export const refuses = refusesInvalid;
export const serve = (handlers: Handlers): Promise<Serving> => serveTenon(handlers, memoryTransport({ network }));
export const connect = (address: string): Promise<Connected> => connectTenon(address, memoryTransport({ network }));

const network = new MemoryNetwork();
