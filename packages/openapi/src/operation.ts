import { clientStreams, type JsonSchema, serverStreams } from '@tenon/contract';
import type { DefinitionSet, DescribedEndpoint } from '@tenon/schema';
import { refusalReferences } from './errors.js';
import { parameterReferences, replyHeaderReferences } from './headers.js';
import { framesContent, jsonContent, type MediaTypes, streamContent, streamNotes } from './media-types.js';

/** How one endpoint is called over HTTP. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly deprecated?: true;
  readonly parameters: readonly object[];
  readonly requestBody: { readonly required: boolean; readonly content: MediaTypes };
  readonly responses: Readonly<Record<string, object>>;
  /** Who streams: `unary`, `server`, `client` or `bidi`. */
  readonly 'x-tenon-kind': string;
  /** Whether repeating a call changes nothing more. */
  readonly 'x-tenon-idempotent': boolean;
}

/** Where an operation stands, and what its schemas are gathered in. */
export interface OperationPlace {
  readonly service: string;
  readonly operationId: string;
  readonly schemas: DefinitionSet;
}

export function operationOf(endpoint: DescribedEndpoint, { service, operationId, schemas }: OperationPlace): Operation {
  const { name, kind, idempotent, deprecated } = endpoint;
  const hint = name.replaceAll(/[^A-Za-z0-9]+/g, '');
  const request = endpoint.request === undefined ? nothing : schemas.add(endpoint.request, `${hint}Request`);
  const response = endpoint.response === undefined ? undefined : schemas.add(endpoint.response, `${hint}Reply`);
  const description = descriptionOf(endpoint);
  return {
    operationId,
    tags: [service],
    summary: `${service} ${name}`,
    ...(description === '' ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated: true }),
    parameters: parameterReferences(kind),
    requestBody: requestBodyOf(endpoint, request),
    responses: { '200': replyOf(endpoint, response ?? {}), ...refusalReferences() },
    'x-tenon-kind': kind,
    'x-tenon-idempotent': idempotent,
  };
}

function descriptionOf({ description, deprecated, kind, idempotent }: DescribedEndpoint): string {
  return [
    description ?? '',
    deprecated === undefined || deprecated === '' ? '' : `Deprecated: ${deprecated}`,
    streamNotes[kind],
    idempotent ? 'Idempotent: repeating the call changes nothing more.' : '',
  ]
    .filter((paragraph) => paragraph !== '')
    .join('\n\n');
}

/** An endpoint that takes nothing may be sent anything, or nothing at all. */
function requestBodyOf({ kind, request }: DescribedEndpoint, schema: JsonSchema): Operation['requestBody'] {
  if (clientStreams(kind)) return { required: true, content: framesContent(schema) };
  return { required: request !== undefined, content: jsonContent(schema) };
}

function replyOf({ kind }: DescribedEndpoint, schema: JsonSchema): object {
  const headers = replyHeaderReferences(kind);
  if (!serverStreams(kind)) return { description: 'The reply.', content: jsonContent(schema), ...headers };
  return {
    description: 'The replies, one after the other; see the description of the operation.',
    content: streamContent(schema),
    ...headers,
  };
}

const nothing: JsonSchema = Object.freeze({
  description: 'The endpoint takes nothing; what is sent is not looked at.',
});
