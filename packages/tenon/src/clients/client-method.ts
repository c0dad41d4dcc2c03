import { type CallOptions, type Client, clientStreams, type EndpointDescriptor, ServiceError } from '@tenon/contract';
import { replyValue } from '@tenon/core';
import { ClientStream } from './client-stream.js';

/** A method of a typed client, whatever its kind. */
export type ClientFunction = (request?: unknown, options?: CallOptions) => unknown;

/** Makes the method that calls one endpoint: made once for each, so that a call costs no more than the call itself. */
export function clientMethod(client: Client, endpoint: EndpointDescriptor): ClientFunction {
  switch (endpoint.kind) {
    case 'unary':
      return (request = {}, options) => replyValue(client, endpoint, request, options);
    case 'client':
      return async (requests, options) =>
        (await client.stream(endpoint, asRequests(requests, endpoint), options)).value;
    default:
      return (request = {}, options) => {
        const asked = clientStreams(endpoint.kind) ? asRequests(request, endpoint) : request;
        return new ClientStream(() => client.stream(endpoint, asked, options));
      };
  }
}

/** @throws ServiceError `InvalidArgument` for what cannot be iterated. */
function asRequests(requests: unknown, { service, name }: EndpointDescriptor): AsyncIterable<unknown> {
  if (typeof requests === 'object' && requests !== null) {
    if (Symbol.asyncIterator in requests) return requests as AsyncIterable<unknown>;
    if (Symbol.iterator in requests) return oneByOne(requests as Iterable<unknown>);
  }
  throw new ServiceError(
    'InvalidArgument',
    `${name} takes a stream of requests: hand over an async iterable, such as what an async generator returns, or an array`,
    { executed: 'no', service, endpoint: name },
  );
}

async function* oneByOne(requests: Iterable<unknown>): AsyncGenerator<unknown> {
  yield* requests;
}
