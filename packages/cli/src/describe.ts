import type { EndpointRecord, Metadata, ServiceRecord, ValueRecord } from '@tenon/contract';
import { recordedKind } from '@tenon/contract/authoring';
import type { Connection } from './connection.js';
import { protocolsOf, recordsOf } from './nodes.js';
import type { Output } from './output.js';
import { visible } from './table.js';

/** `tenon describe SERVICE`: all that the registry knows of it, version by version. */
export async function describe(name: string, connection: Connection, output: Output): Promise<void> {
  const records = await recordsOf(name, connection);
  await output.result(records, () => records.map(versionText).join('\n\n'));
}

function versionText({ name, version, metadata, endpoints, nodes }: ServiceRecord): string {
  const isSubscriber = (endpoint: EndpointRecord): boolean => endpoint.metadata['subscriber'] === 'true';
  return [
    visible(`${name} ${version}${pairs(metadata)}`),
    ...section('endpoints', endpoints.filter((endpoint) => !isSubscriber(endpoint)).map(endpointText)),
    ...section(
      'subscriptions',
      endpoints
        .filter(isSubscriber)
        .map((endpoint) => `${endpoint.metadata['topic'] ?? '?'}  ${valueText(endpoint.request)} → ${endpoint.name}`),
    ),
    ...section(
      'nodes',
      nodes.map((node) => `${node.id}  ${node.address}  ${protocolsOf(node)}`),
    ),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => `    ${visible(line)}`)];
}

function endpointText(endpoint: EndpointRecord): string {
  const kind = recordedKind(endpoint);
  const [asked, given] = [kind === 'client' || kind === 'bidi', kind === 'server' || kind === 'bidi'];
  const many = (isMany: boolean, text: string): string => (isMany ? `stream of ${text}` : text);
  return `${endpoint.name}(${many(asked, valueText(endpoint.request))}) → ${many(given, valueText(endpoint.response))}`;
}

/** `HelloRequest { name: string }` */
function valueText(value: ValueRecord | null): string {
  if (value === null) return 'anything';
  const fields = value.values?.map(
    (field) => `${field.name}: ${field.values === null ? field.type : valueText(field)}`,
  );
  return fields === undefined || fields.length === 0 ? value.type : `${value.type} { ${fields.join(', ')} }`;
}

function pairs(metadata: Metadata): string {
  const all = Object.entries(metadata).map(([key, value]) => `${key}=${value}`);
  return all.length === 0 ? '' : `  ${all.join(' ')}`;
}
