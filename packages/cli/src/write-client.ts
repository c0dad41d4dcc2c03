import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ServiceRecord } from '@tenon/contract';
import { clientFile } from './client/client-file.js';
import type { Connection } from './connection.js';
import { Failure } from './failure.js';
import { firstFew, recordsOf } from './nodes.js';
import type { Output } from './output.js';
import type { Surroundings } from './surroundings.js';
import { visible } from './table.js';

/** What `tenon client` takes beside the connection's options. */
export interface ClientArguments {
  readonly service: string;
  /** Of several versions the one that is meant. Default: the highest. */
  readonly version: string | undefined;
  /** A file, named from the current folder. Default: standard output. */
  readonly file: string | undefined;
}

/** `tenon client SERVICE --lang ts`: a typed client from what the registry knows, for those who do not have the class. */
export async function writeClient(
  { service, version, file }: ClientArguments,
  connection: Connection,
  output: Output,
  { folder, errors }: Surroundings,
): Promise<void> {
  const record = chosen(await recordsOf(service, connection), service, version);
  const { text, gaps } = clientFile(record, await writer());
  for (const gap of gaps) errors.write(`tenon: ${visible(gap)}\n`);
  if (file !== undefined) await written(resolve(folder, file), file, text);
  const about = { service, version: record.version, language: 'ts' };
  if (file === undefined) await output.result({ ...about, text }, () => text.trimEnd());
  else await output.result({ ...about, file }, () => visible(`${file}: ${service} ${record.version}`));
}

function chosen(records: readonly ServiceRecord[], service: string, version: string | undefined): ServiceRecord {
  const [highest, ...others] = [...records].sort((one, other) => byVersion(other.version, one.version));
  const found = version === undefined ? highest : records.find((record) => record.version === version);
  if (found !== undefined) return found;
  const all = [...(highest === undefined ? [] : [highest]), ...others].map((record) => record.version);
  throw Failure.notFound(`${service} has no version ${version}; ${firstFew('there are', all)}`);
}

function byVersion(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}

async function written(path: string, file: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (thrown) {
    const { code = 'unknown' } = thrown as NodeJS.ErrnoException;
    throw Failure.usage(`--out: ${file} cannot be written (${code})`);
  }
}

/** `@tenon/cli 0.1.0`. */
async function writer(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly name: string;
    readonly version: string;
  };
  return `${manifest.name} ${manifest.version}`;
}
