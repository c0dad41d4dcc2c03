import { tcpTransport } from '@tenon/transport-tcp';
import type { Handlers } from '../workload/handlers.js';
import type { Connected, Serving } from './contestant.js';
import { connectTenon, refusesInvalid, serveTenon } from './tenon/tenon.js';

// Tenon over tenon/1, its own wire, in the clear.

export const refuses = refusesInvalid;
export const serve = (handlers: Handlers): Promise<Serving> => serveTenon(handlers, tcpTransport());
export const connect = (address: string): Promise<Connected> => connectTenon(address, tcpTransport());
