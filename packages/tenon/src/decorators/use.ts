import type { UseTarget } from '../definition/service-definition.js';
import { appendMetadata } from '../metadata.js';

/**
 * Puts interceptors around one method, or around every endpoint and subscription of a class. They run after validation,
 * inside the interceptors that are bound for the whole app; the first named is the outermost.
 *
 * @param interceptors - functions `(call, next) => Promise<Reply>`, or classes of interceptors, which the container makes.
 */
export function Use(...interceptors: readonly UseTarget[]): ClassDecorator & MethodDecorator {
  const decorator = (target: object, method?: string | symbol): void => {
    const used: DeclaredUse = { method: method === undefined ? undefined : String(method), interceptors };
    appendMetadata(usesKey, used, method === undefined ? target : target.constructor);
  };
  return decorator as ClassDecorator & MethodDecorator;
}

/** What `@Use` keeps on the class; no method means all of them. */
export interface DeclaredUse {
  readonly method: string | undefined;
  readonly interceptors: readonly UseTarget[];
}

export const usesKey = Symbol.for('tenon.uses');
