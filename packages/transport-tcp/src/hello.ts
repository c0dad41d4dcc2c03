import { ProtocolViolation } from './protocol-violation.js';
import { readLimits, type WireLimits } from './wire-limits.js';

/** What one side says about itself when a connection begins: HELLO of the client, WELCOME of the server. */
export interface Hello {
  /** The service that is wanted, or served. */
  readonly service: string;
  /** The node that is wanted, or answers; empty where only the address is known. */
  readonly node: string;
  /** The run of the server's process, where it is known. */
  readonly instance?: string | undefined;
  /** The version of the service that answers; absent where it is not known, and in a HELLO. */
  readonly version?: string | undefined;
  /** Media types that it reads and writes, best first. */
  readonly codecs: readonly string[];
  /** Those of them for which it keeps a linked session. */
  readonly linked: readonly string[];
  readonly limits: WireLimits;
}

export const maxHelloBytes = 16 * 1_024;

/** The JSON of a HELLO or WELCOME. */
export function helloText({ service, node, instance, version, codecs, linked, limits }: Hello): string {
  return JSON.stringify({
    service,
    node,
    ...(instance === undefined ? {} : { instance }),
    ...(version === undefined ? {} : { version }),
    codecs,
    ...(linked.length === 0 ? {} : { linked }),
    limits,
  });
}

/** Reads the payload of a HELLO or WELCOME, which is all text from outside. */
export function readHello(buffer: Buffer, start: number, end: number): Hello {
  if (end - start > maxHelloBytes) throw new ProtocolViolation('the greeting is over 16 KiB');
  const data = parsed(buffer.toString('utf8', start, end));
  const codecs = texts(data, 'codecs');
  if (codecs.length === 0 || codecs.length > maxCodecs) throw new ProtocolViolation('there must be 1 to 32 codecs');
  const linked = data['linked'] === undefined ? [] : texts(data, 'linked');
  const instance = data['instance'] === undefined ? undefined : text(data, 'instance');
  const version = data['version'] === undefined ? undefined : text(data, 'version');
  const limits = readLimits(data['limits']);
  return { service: text(data, 'service'), node: text(data, 'node'), instance, version, codecs, linked, limits };
}

function parsed(json: string): Readonly<Record<string, unknown>> {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw new ProtocolViolation('the greeting is no JSON');
  }
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return { ...data };
  throw new ProtocolViolation('the greeting is no object');
}

function text(data: Readonly<Record<string, unknown>>, member: string): string {
  const value = data[member];
  if (typeof value === 'string') return value;
  throw new ProtocolViolation(`${member} is no text`);
}

function texts(data: Readonly<Record<string, unknown>>, member: string): readonly string[] {
  const value = data[member];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw new ProtocolViolation(`${member} is no list of texts`);
}

const maxCodecs = 32;
