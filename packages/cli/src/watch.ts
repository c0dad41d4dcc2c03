import type { RegistryEvent, ServiceRecord } from '@tenon/contract';
import type { Connection } from './connection.js';
import { Failure } from './failure.js';
import { jsonText, type Output } from './output.js';
import { visible } from './table.js';

/** How often the names of all services are read again, where all are watched. */
export const listEveryMs = 2_000;

/**
 * `tenon watch [SERVICE]`: what changes, until Ctrl-C. A registry watches one service at a time, so where all are wanted their names
 * are read again every two seconds.
 */
export async function watch(
  name: string | undefined,
  connection: Connection,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const watching = new Map<string, Promise<void>>();
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const begin = (service: string): void => {
    if (watching.has(service)) return;
    const following = follow(service, connection, output, either).catch((thrown) => failed.abort(thrown));
    watching.set(service, following);
  };
  if (name !== undefined) begin(name);
  else
    for (const service of await connection.ask((registry, limit) => registry.list({ signal: limit }))) begin(service);
  while (!either.aborted) {
    await pause(listEveryMs, either);
    if (name !== undefined || either.aborted) continue;
    // While the registry is away the watches say so.
    const names = await connection.ask((registry, limit) => registry.list({ signal: limit })).catch(() => []);
    for (const service of names) begin(service);
  }
  await Promise.all(watching.values());
  if (failed.signal.aborted) throw Failure.ofRegistry(connection.name, failed.signal.reason);
}

async function follow(service: string, { registry }: Connection, output: Output, signal: AbortSignal): Promise<void> {
  let before: ReadonlyMap<string, string> | undefined;
  for await (const event of registry.watch(service, { signal })) {
    if (output.isJson) await output.line(jsonText({ at: new Date().toISOString(), service, ...told(event) }));
    else if (event.kind === 'error') await output.line(line('!', service, event.error.rawMessage));
    else {
      const now = nodesIn(event.records);
      for (const change of changes(service, before, now)) await output.line(change);
      before = now;
    }
  }
}

function told(event: RegistryEvent): object {
  return event.kind === 'set' ? event : { kind: 'error', error: event.error.toRecord() };
}

/** What is new, what is other than it was, and what is gone. */
function changes(
  service: string,
  before: ReadonlyMap<string, string> | undefined,
  now: ReadonlyMap<string, string>,
): readonly string[] {
  if (before === undefined && now.size === 0) return [line(' ', service, 'no node')];
  const came = [...now].filter(([id, text]) => before?.get(id) !== text);
  const went = [...(before ?? [])].filter(([id]) => !now.has(id));
  return [
    ...came.map(([id, text]) => line(before?.has(id) === true ? '~' : '+', service, text)),
    ...went.map(([, text]) => line('-', service, text)),
  ];
}

function nodesIn(records: readonly ServiceRecord[]): ReadonlyMap<string, string> {
  return new Map(
    records.flatMap(({ version, nodes }) =>
      nodes.map(({ id, address }) => [id, `${version}  ${id}  ${address}`] as const),
    ),
  );
}

function line(mark: string, service: string, text: string): string {
  return visible(`${new Date().toTimeString().slice(0, 8)} ${mark} ${service}  ${text}`);
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
