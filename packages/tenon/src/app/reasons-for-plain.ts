import type { EndpointDescriptor, Schema } from '@tenon/contract';
import type { SchemaReader } from '@tenon/schema';

/**
 * Why the values of an endpoint go by MessagePack where a codec compiled from their classes could carry them: one line for
 * each reason, none where nothing is to be gained.
 */
export function reasonsForPlain({ request, response }: EndpointDescriptor, schemas: SchemaReader): readonly string[] {
  return [
    ...(request === undefined ? [] : obstaclesOf('request', request, schemas)),
    ...(response === undefined
      ? ['its reply has no class: say @Endpoint({ response: TheClass })']
      : obstaclesOf('response', response, schemas)),
  ];
}

function obstaclesOf(what: string, schema: Schema, schemas: SchemaReader): readonly string[] {
  if (typeof schema !== 'function')
    return [`its ${what} is described by a Standard Schema; a DTO class would be compiled`];
  const { layout, obstacles } = schemas.read(schema);
  return layout === undefined ? obstacles : [];
}
