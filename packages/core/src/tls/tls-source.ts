import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { ServiceError, type TlsMaterial } from '@tenon/contract';
import type { ResolvedTlsOptions } from './tls-options.js';

/** One piece of material: its text, and what an error calls it. */
export interface TlsPart {
  /** `tls.cert`, with the path where it came from a file. */
  readonly name: string;
  readonly pem: string;
}

/** Material as it was read, not checked yet. */
export interface TlsParts {
  readonly ca: TlsPart | undefined;
  readonly cert: TlsPart | undefined;
  readonly key: TlsPart | undefined;
}

/**
 * Reads the material once, from wherever the options say.
 *
 * @throws ServiceError `FailedPrecondition` that names the file and the mend.
 */
export async function readTlsParts(options: ResolvedTlsOptions): Promise<TlsParts> {
  if (options.load === undefined) {
    const [ca, cert, key] = await Promise.all([
      partOf('tls.ca', options.ca),
      partOf('tls.cert', options.cert),
      partOf('tls.key', options.key),
    ]);
    return { ca, cert, key };
  }
  const { ca, cert, key } = await loaded(options.load);
  return {
    ca: givenPart('tls.load().ca', ca),
    cert: givenPart('tls.load().cert', cert),
    key: givenPart('tls.load().key', key),
  };
}

async function loaded(load: () => TlsMaterial | Promise<TlsMaterial>): Promise<TlsMaterial> {
  try {
    return await load();
  } catch (thrown) {
    if (thrown instanceof ServiceError) throw thrown;
    throw new ServiceError('FailedPrecondition', 'tls.load threw; its own error is the cause', {
      cause: thrown,
      executed: 'no',
    });
  }
}

async function partOf(option: string, given: string | Uint8Array | undefined): Promise<TlsPart | undefined> {
  if (typeof given !== 'string' || given.includes(pemBegins)) return givenPart(option, given);
  try {
    return { name: `${option} (${given})`, pem: await readFile(given, 'latin1') };
  } catch (thrown) {
    const { code = 'an error' } = thrown as NodeJS.ErrnoException;
    const problem = problems[code] ?? `cannot be read: ${code}`;
    const text = `${option}: the file ${given} ${problem}; give the path of a PEM file, or PEM text`;
    throw new ServiceError('FailedPrecondition', text, { cause: thrown, executed: 'no' });
  }
}

function givenPart(name: string, given: string | Uint8Array | undefined): TlsPart | undefined {
  if (given === undefined) return undefined;
  return { name, pem: typeof given === 'string' ? given : Buffer.from(given).toString('latin1') };
}

const pemBegins = '-----BEGIN ';

const problems: Readonly<Record<string, string>> = Object.freeze({
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a folder',
});
