import type { ContractClass, ServiceContract } from '../definition/contract.js';
import { ownMetadata, setMetadata } from '../metadata.js';

/** What a client can be typed from. */
export type ClientTarget<T extends object = object> = ContractClass<T> | ServiceContract<T>;

/** The container's identifier of the client of one service: the same for the same class, kept on the class. */
export function clientToken(target: ClientTarget): symbol {
  const known = ownMetadata<symbol>(tokenKey, target);
  if (known !== undefined) return known;
  const name = typeof target === 'function' ? target.name : target.as;
  const token = Symbol(`ClientOf<${name}>`);
  setMetadata(tokenKey, token, target);
  return token;
}

const tokenKey = Symbol.for('tenon.client-token');
