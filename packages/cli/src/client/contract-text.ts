import { type CallPolicy, canonicalEndpoint, clientStreams, type EndpointKind, serverStreams } from '@tenon/contract';
import { documented, key, quoted } from './safe-text.js';

/** One endpoint, with its types written out. */
export interface WrittenEndpoint {
  /** `Greeter.Hello`. */
  readonly name: string;
  readonly method: string;
  readonly kind: EndpointKind;
  readonly idempotent: boolean;
  readonly policy: CallPolicy | undefined;
  /** Paragraphs. */
  readonly said: readonly string[];
  /** Undefined where it takes nothing. */
  readonly request: string | undefined;
  readonly response: string;
}

/** The endpoints of a service that have the first part of their names in common. */
export interface WrittenContract {
  readonly service: string;
  readonly version: string;
  /** That first part: `Greeter`. */
  readonly as: string;
  readonly typeName: string;
  readonly contractName: string;
  readonly endpoints: readonly WrittenEndpoint[];
}

/**
 * The method of a client that calls an endpoint: `hello` for `Greeter.Hello`. Undefined where no method's name leads to it: a client by contract
 * makes the first letter capital.
 */
export function methodOf(name: string): { readonly as: string; readonly method: string } | undefined {
  const dot = name.indexOf('.');
  const [as, given] = [name.slice(0, dot), name.slice(dot + 1)];
  if (dot < 1 || given === '') return undefined;
  const lower = given.charAt(0).toLowerCase() + given.slice(1);
  // A client is not a promise, so that its `then` is never an endpoint.
  const method = [lower, given].find((one) => one !== 'then' && canonicalEndpoint(as, one) === name);
  return method === undefined ? undefined : { as, method };
}

/** The shape of the service, and what makes a client of it. */
export function contractText({ service, version, as, typeName, contractName, endpoints }: WrittenContract): string {
  const list = (name: string, entries: readonly string[], [open, close]: readonly [string, string]): string =>
    entries.length === 0
      ? ''
      : `  ${name}: ${open}\n${entries.map((entry) => `    ${entry},\n`).join('')}  ${close},\n`;
  const idempotent = endpoints.filter((endpoint) => endpoint.idempotent).map(({ method }) => quoted(method));
  const streams = endpoints
    .filter(({ kind }) => kind !== 'unary')
    .map(({ method, kind }) => `${key(method)}: ${quoted(kind)}`);
  const policies = endpoints.flatMap(({ method, policy }) =>
    policy === undefined ? [] : [`${key(method)}: ${policyText(policy)}`],
  );
  return [
    documented([`The service ${service}, version ${version}.`]),
    `export interface ${typeName} {\n${endpoints.map(methodText).join('')}}\n\n`,
    documented([`Makes a client of it: \`@InjectClient(${contractName})\`, or \`app.client(${contractName})\`.`]),
    `export const ${contractName}: ServiceContract<${typeName}> = contract<${typeName}>()(${quoted(service)}, {\n`,
    `  as: ${quoted(as)},\n`,
    list('idempotent', idempotent, ['[', ']']),
    list('policies', policies, ['{', '}']),
    list('streams', streams, ['{', '}']),
    '});\n',
  ].join('');
}

function methodText({ method, kind, said, request, response }: WrittenEndpoint): string {
  const parameter = clientStreams(kind)
    ? `requests: AsyncIterable<${request ?? 'unknown'}>`
    : request === undefined
      ? ''
      : `request: ${request}`;
  const result = serverStreams(kind) ? `AsyncIterable<${response}>` : `Promise<${response}>`;
  return `${documented(said, '  ')}  ${key(method)}(${parameter}): ${result};\n`;
}

function policyText(policy: CallPolicy): string {
  const fields = Object.entries(policy).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? quoted(value) : String(value)}`,
  );
  return `{ ${fields.join(', ')} }`;
}
