import { type Node, nodeMetadata, type ServiceRecord } from '@tenon/contract';
import type { Connection } from './connection.js';
import { Failure } from './failure.js';
import type { Output } from './output.js';
import { table } from './table.js';

/** `tenon nodes NAME`: who offers a service. */
export async function nodes(name: string, connection: Connection, output: Output): Promise<void> {
  const records = await recordsOf(name, connection);
  const found = records.flatMap(({ version, nodes }) => nodes.map((node) => ({ ...node, version })));
  await output.result(found, () =>
    table(
      ['NODE', 'VERSION', 'ADDRESS', 'PROTOCOLS'],
      found.map((node) => [node.id, node.version, node.address, protocolsOf(node)]),
    ),
  );
}

/** What a registry knows of a service; a failure that names those there are where it knows nothing. */
export async function recordsOf(name: string, { ask }: Connection): Promise<readonly ServiceRecord[]> {
  const records = await ask((registry, signal) => registry.lookup(name, { signal }));
  if (records.length > 0) return records;
  const names = await ask((registry, signal) => registry.list({ signal }));
  throw Failure.notFound(`no node of ${name} is registered; ${firstFew('there are', names)}`);
}

/** `there are a, b, … (7 more)` */
export function firstFew(words: string, names: readonly string[]): string {
  if (names.length === 0) return `${words} none`;
  const rest = names.length > shown ? ` and ${names.length - shown} more` : '';
  return `${words} ${names.slice(0, shown).join(', ')}${rest}`;
}

/** `tenon/1,mucp` */
export function protocolsOf({ metadata }: Node): string {
  return metadata[nodeMetadata.protocols] ?? metadata[nodeMetadata.protocol] ?? '';
}

const shown = 10;
