import type { AnyClass } from '../definition/service-definition.js';
import { ownMetadata, setMetadata } from '../metadata.js';

/** The container's identifier of the publisher of one event: the same for the same class, kept on the class. */
export function publisherToken(event: AnyClass): symbol {
  const known = ownMetadata<symbol>(tokenKey, event);
  if (known !== undefined) return known;
  const token = Symbol(`Publisher<${event.name}>`);
  setMetadata(tokenKey, token, event);
  return token;
}

const tokenKey = Symbol.for('tenon.publisher-token');
