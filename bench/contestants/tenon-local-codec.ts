import type { Handlers } from '../workload/handlers.js';
import type { Connected, Serving } from './contestant.js';
import { type LocalTenon, refusesInvalid, serveTenonLocally } from './tenon/tenon.js';

// Tenon's local call as it is by default: every value is encoded and decoded, so that it means the same as over a wire.

export const inProcess = true;
export const refuses = refusesInvalid;

export async function serve(handlers: Handlers): Promise<Serving> {
  local = await serveTenonLocally(handlers, 'codec');
  return local.serving;
}

export async function connect(): Promise<Connected> {
  if (local === undefined) throw new Error('serve comes first');
  return local.connected;
}

let local: LocalTenon | undefined;
