import type { ServiceRecord } from '@tenon/contract';
import { DefinitionSet, type DescribedEndpoint, describedEndpoints } from '@tenon/schema';
import { contractText, methodOf, type WrittenContract, type WrittenEndpoint } from './contract-text.js';
import { quoted, typeName } from './safe-text.js';
import { declarationText, typeText } from './type-text.js';

/** A written client, and what could not be said in it, a sentence each. */
export interface ClientFile {
  readonly text: string;
  readonly gaps: readonly string[];
}

/**
 * The client of a service in TypeScript, as one file that needs nothing but the package `tenon`: a type for each class, the shape of the
 * service, and its contract. The same record gives the same bytes.
 *
 * @param writer - who writes it: `@tenon/cli 0.1.0`.
 */
export function clientFile(record: ServiceRecord, writer: string): ClientFile {
  const { name: service, version } = record;
  const gaps: string[] = [];
  const groups = grouped(describedEndpoints(record), (name) => {
    gaps.push(
      `the endpoint ${JSON.stringify(name)} is left out: no method of a client leads to that name; call it by app.call()`,
    );
  });
  const taken = new Set(reserved);
  const named = groups.map(([as, endpoints]) => ({ as, endpoints, ...namesOf(as, taken) }));
  const types = new DefinitionSet({ nameOf: typeName, referTo: (name) => name, taken });
  const contracts = named.map(({ endpoints, ...names }): WrittenContract => {
    return { service, version, ...names, endpoints: endpoints.map((endpoint) => written(endpoint, types)) };
  });
  const declarations = [...types.definitions].map(([name, schema]) =>
    declarationText(name, schema, (other) => types.definitions.get(other)),
  );
  gaps.push(...types.gaps);
  const header = [
    `// Written by "tenon client" of ${oneLine(writer)}, from ${oneLine(service)} ${oneLine(version)} in the registry.`,
    '// Do not change it: write it anew.',
    ...gaps.map((gap) => `// Note: ${oneLine(gap)}.`),
    ...(contracts.length === 0 ? [] : ['', "import { contract, type ServiceContract } from 'tenon';"]),
  ];
  const parts = [header.join('\n'), ...contracts.map(contractText).map((text) => text.trimEnd()), ...declarations];
  return { text: `${parts.join('\n\n')}\n`, gaps };
}

/** By the first part of the name, in order. */
function grouped(
  endpoints: readonly DescribedEndpoint[],
  leftOut: (name: string) => void,
): readonly (readonly [as: string, endpoints: readonly CallableEndpoint[]])[] {
  const groups = new Map<string, CallableEndpoint[]>();
  for (const endpoint of endpoints) {
    const found = methodOf(endpoint.name);
    if (found === undefined) leftOut(endpoint.name);
    else groups.set(found.as, [...(groups.get(found.as) ?? []), { ...endpoint, method: found.method }]);
  }
  return [...groups];
}

interface CallableEndpoint extends DescribedEndpoint {
  readonly method: string;
}

function written(endpoint: CallableEndpoint, types: DefinitionSet): WrittenEndpoint {
  const { name, method, kind, idempotent, policy, description, deprecated, request, response } = endpoint;
  const hint = typeName(name);
  const asked = request === undefined ? undefined : typeText(types.add(request, `${hint}Request`), '  ');
  const reply = typeText(response === undefined ? {} : types.add(response, `${hint}Reply`), '  ');
  return {
    name,
    method,
    kind,
    idempotent,
    policy,
    said: [description ?? '', deprecated === undefined ? '' : `@deprecated ${deprecated}`],
    request: asked,
    // Where nothing fits, no type of a method could say so and still be one that answers.
    response: reply === 'never' ? 'unknown' : reply,
  };
}

/** Takes the names of a contract, with a number where others have them. */
function namesOf(as: string, taken: Set<string>): { readonly typeName: string; readonly contractName: string } {
  const wanted = typeName(as);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}${number}`;
    const contractName = `${name}Contract`;
    if (taken.has(name) || taken.has(contractName)) continue;
    taken.add(name).add(contractName);
    return { typeName: name, contractName };
  }
}

/** Text within a comment of one line. */
function oneLine(text: string): string {
  return quoted(text).slice(1, -1).replaceAll("\\'", "'");
}

/** What the file itself uses by name, and what cannot be the name of a type. */
const reserved: readonly string[] = [
  ...['AsyncIterable', 'Date', 'Promise', 'Record', 'ServiceContract', 'Uint8Array', 'contract'],
  ...[
    'any',
    'bigint',
    'boolean',
    'never',
    'null',
    'number',
    'object',
    'string',
    'symbol',
    'undefined',
    'unknown',
    'void',
  ],
];
