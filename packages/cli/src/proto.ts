import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ServiceRecord } from '@tenon/contract';
import {
  formatProtoLock,
  lockChanges,
  type ProtoLock,
  parseProtoLock,
  protoFileOfRecord,
  refuseRenumbering,
  serviceShapeOfRecord,
  updateLock,
} from '@tenon/protobuf';
import type { Connection } from './connection.js';
import { Failure } from './failure.js';
import { recordsOf } from './nodes.js';
import type { Output } from './output.js';
import type { Surroundings } from './surroundings.js';
import { visible } from './table.js';

/** What `tenon proto` is asked. */
export interface ProtoRequest {
  readonly service: string;
  /** Which version, where several run. Default: the highest. */
  readonly version: string | undefined;
  /** The lock file: made where it is not there. */
  readonly lock: string | undefined;
  /** An older state of it, whose numbers must mean the same. */
  readonly against: string | undefined;
  /** Whether the lock file must be up to date already. */
  readonly check: boolean;
}

/** `tenon proto SERVICE`: its .proto, by the schemas in the registry; and its lock file brought up to date. */
export async function proto(
  request: ProtoRequest,
  connection: Connection,
  output: Output,
  surroundings: Surroundings,
): Promise<void> {
  const record = chosen(await recordsOf(request.service, connection), request);
  const lock = request.lock === undefined ? undefined : await locked(record, request.lock, request, surroundings);
  const { path, text, lock: numbers } = protoFileOfRecord(record, { lock });
  await output.result({ path, text, lock: numbers }, () => text.trimEnd());
}

function chosen(records: readonly ServiceRecord[], { service, version }: ProtoRequest): ServiceRecord {
  const byVersion = [...records].sort((one, other) =>
    one.version.localeCompare(other.version, 'en', { numeric: true }),
  );
  const found = version === undefined ? byVersion.at(-1) : byVersion.find((record) => record.version === version);
  if (found !== undefined) return found;
  const versions = byVersion.map((record) => record.version).join(', ');
  throw Failure.notFound(`no node of ${service} has the version ${version}; there are ${versions}`);
}

/** Reads the lock, has the service's messages follow it, and keeps what is new. Tells on standard error what changed. */
async function locked(
  record: ServiceRecord,
  file: string,
  { against, check }: ProtoRequest,
  { folder, errors }: Surroundings,
): Promise<ProtoLock> {
  const path = resolve(folder, file);
  const before = await lockIn(path, file);
  if (before !== undefined && before.service !== record.name) {
    throw Failure.usage(`${file} is the lock of ${before.service}, not of ${record.name}`);
  }
  const after = updateLock(record.name, serviceShapeOfRecord(record).messages, before);
  if (against !== undefined) {
    const older = await lockIn(resolve(folder, against), against);
    if (older === undefined) throw Failure.usage(`--against: ${against} cannot be read`);
    refuseRenumbering(older, after);
  }
  const changes = lockChanges(before, after);
  if (changes.length === 0) return after;
  if (check) throw new Failure(1, `${file} is not up to date: ${changes.join('; ')}`);
  await replaceFile(path, file, formatProtoLock(after));
  for (const change of changes) errors.write(`${file}: ${visible(change)}\n`);
  return after;
}

async function lockIn(path: string, file: string): Promise<ProtoLock | undefined> {
  const text = await readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw Failure.usage(`${file} cannot be read: ${thrown.code}`);
  });
  return text === undefined ? undefined : parseProtoLock(text, file);
}

/** Whole or not at all: half a lock would have given away numbers that nobody knows. */
async function replaceFile(path: string, file: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  try {
    await writeFile(beside, text, { flag: 'wx' });
    await rename(beside, path);
  } catch (thrown) {
    await rm(beside, { force: true });
    throw Failure.usage(`${file} cannot be written: ${(thrown as NodeJS.ErrnoException).code}`);
  }
}
