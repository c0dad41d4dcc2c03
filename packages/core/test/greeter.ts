import {
  type EndpointDescriptor,
  noMetadata,
  type ServedEndpoint,
  type ServedService,
  type ServedSubscription,
} from '@tenon/contract';

export const hello: EndpointDescriptor = Object.freeze({
  service: 'greeter',
  name: 'Greeter.Hello',
  kind: 'unary',
  idempotent: false,
});

export function servedEndpoint(
  handle: ServedEndpoint['handle'],
  changes: Partial<Omit<ServedEndpoint, 'descriptor'>> & { readonly descriptor?: Partial<EndpointDescriptor> } = {},
): ServedEndpoint {
  const { descriptor, ...rest } = changes;
  return { interceptors: [], metadata: noMetadata, handle, ...rest, descriptor: { ...hello, ...descriptor } };
}

export function servedSubscription(
  handle: ServedSubscription['handle'],
  changes: Partial<ServedSubscription> = {},
): ServedSubscription {
  return {
    topic: 'user.created',
    options: {},
    event: undefined,
    name: 'Greeter.onUserCreated',
    interceptors: [],
    handle,
    ...changes,
  };
}

export function servedService(changes: Partial<ServedService> = {}): ServedService {
  return {
    name: 'greeter',
    version: '1.0.0',
    metadata: noMetadata,
    endpoints: [servedEndpoint(() => ({ greeting: 'hi' }))],
    subscriptions: [],
    ...changes,
  };
}
