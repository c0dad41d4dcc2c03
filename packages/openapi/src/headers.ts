import { callMetadata, type EndpointKind, priorities, serverStreams } from '@tenon/contract';

/** The header fields that any call may have, each a component. */
export function headerParameters(): Readonly<Record<string, object>> {
  return {
    [timeout]: parameter(
      timeout,
      'The time left for the call in milliseconds. The server has an upper bound of its own. Default: that bound.',
      { type: 'integer', minimum: 1, maximum: 3_600_000, examples: [5_000] },
    ),
    [idempotencyKey]: parameter(
      idempotencyKey,
      'Makes repeating the call safe: the node runs calls with one key once and gives all of them the first outcome. 1 to 128 visible ASCII characters.',
      { type: 'string', pattern: '^[!-~]{1,128}$', examples: ['order-42'] },
    ),
    [priority]: parameter(priority, 'How important the call is where the server cannot serve all. Default: `normal`.', {
      enum: [...priorities],
    }),
  };
}

/** Keys are of use to unary calls alone. */
export function parameterReferences(kind: EndpointKind): readonly object[] {
  const names = kind === 'unary' ? [timeout, idempotencyKey, priority] : [timeout, priority];
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

/** The header fields of replies. */
export function replyHeaders(): Readonly<Record<string, object>> {
  return {
    [streamError]: {
      description:
        'A trailer: the code of the error that a stream of lines ended with. It can be read where trailers can be.',
      schema: { $ref: '#/components/schemas/ErrorCode' },
    },
  };
}

export function replyHeaderReferences(kind: EndpointKind): object {
  return serverStreams(kind) ? { headers: { [streamError]: { $ref: `#/components/headers/${streamError}` } } } : {};
}

function parameter(name: string, description: string, schema: object): object {
  return { name, in: 'header', required: false, description, schema };
}

const timeout = 'tenon-timeout-ms';
const streamError = 'tenon-error';
const { idempotencyKey, priority } = callMetadata;
