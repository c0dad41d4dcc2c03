import { tcpTransport } from '@tenon/transport-tcp';
import type { Handlers } from '../workload/handlers.js';
import type { Connected, Serving } from './contestant.js';
import { connectTenon, refusesInvalid, serveTenon } from './tenon/tenon.js';

// Tenon over tenon/1 with room for 1,000 streams on one connection.

export const raises = 'maxStreams from 100 to 2,000';
export const refuses = refusesInvalid;
export const serve = (handlers: Handlers): Promise<Serving> =>
  serveTenon(handlers, tcpTransport({ maxStreams: 2_000 }));
export const connect = (address: string): Promise<Connected> =>
  connectTenon(address, tcpTransport({ maxStreams: 2_000 }));
