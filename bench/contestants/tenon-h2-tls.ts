import { httpTransport, tls } from 'tenon';
import type { Handlers } from '../workload/handlers.js';
import type { Connected, Serving } from './contestant.js';
import { selfSigned } from './tenon/certificate.js';
import { connectTenon, refusesInvalid, serveTenon } from './tenon/tenon.js';

// Tenon over HTTP/2 under TLS, agreed by ALPN.

export const refuses = refusesInvalid;

export async function serve(handlers: Handlers): Promise<Serving> {
  const { cert, key } = selfSigned();
  const serving = await serveTenon(handlers, httpTransport(), [tls({ ca: cert, cert, key })]);
  return { ...serving, address: JSON.stringify({ ca: cert, records: serving.address }) };
}

export function connect(address: string): Promise<Connected> {
  const { ca, records } = JSON.parse(address) as { readonly ca: string; readonly records: string };
  return connectTenon(records, httpTransport(), [tls({ ca })]);
}
