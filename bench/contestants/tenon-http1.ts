import { httpTransport } from 'tenon';
import type { Handlers } from '../workload/handlers.js';
import type { Connected, Serving } from './contestant.js';
import { connectTenon, refusesInvalid, serveTenon } from './tenon/tenon.js';

// Tenon over HTTP/1.1 with JSON.

export const refuses = refusesInvalid;
export const serve = (handlers: Handlers): Promise<Serving> => serveTenon(handlers, transport());
export const connect = (address: string): Promise<Connected> => connectTenon(address, transport());

const transport = () => httpTransport({ contentType: 'application/json' });
