import { ServiceError, type Token } from '@tenon/contract';
import { inject, injectable, optional } from 'inversify';
import { type ClientTarget, clientToken } from '../clients/client-token.js';
import { publisherToken } from '../clients/publisher-token.js';
import type { AnyClass } from '../definition/service-definition.js';
import { appendMetadata, ownMetadata, setMetadata } from '../metadata.js';

/**
 * Lets the container build a class, one instance per app. A class that is decorated so and injected by its own type needs
 * no binding.
 */
export function Injectable(): ClassDecorator {
  return (target) => {
    injectable('Singleton')(target);
    setMetadata(injectableKey, true, target);
  };
}

/** Injects what is bound to a token, where the parameter's type does not say it (or is not emitted). */
export function Inject(token: Token | symbol | string): ParameterDecorator {
  return (target, property, index) => {
    inject(token)(target, property, index);
    record(target, { index, token, need: { kind: 'token' } });
  };
}

/** Injects `undefined` where nothing is bound, instead of failing at start. Put it beside `@Inject`. */
export function Optional(): ParameterDecorator {
  return (target, property, index) => {
    optional()(target, property, index);
    record(target, { index, token: undefined, need: { kind: 'optional' } });
  };
}

/**
 * Injects a client typed from the service class: `ClientOf<Greeter>`.
 *
 * @param target - the service class, or what `contract()` made.
 */
export function InjectClient(target: ClientTarget): ParameterDecorator {
  return (injectedInto, property, index) => {
    if (target === undefined) throw circular(injectedInto, index, 'InjectClient');
    inject(clientToken(target))(injectedInto, property, index);
    record(injectedInto, { index, token: clientToken(target), need: { kind: 'client', target } });
  };
}

/**
 * Injects a `Publisher` of one event.
 *
 * @param event - an `@Event` class.
 */
export function InjectPublisher(event: AnyClass): ParameterDecorator {
  return (injectedInto, property, index) => {
    if (event === undefined) throw circular(injectedInto, index, 'InjectPublisher');
    inject(publisherToken(event))(injectedInto, property, index);
    record(injectedInto, { index, token: publisherToken(event), need: { kind: 'publisher', event } });
  };
}

/** What one of the decorators above says about one constructor parameter. */
export interface DeclaredInjection {
  readonly index: number;
  readonly token: Token | symbol | string | undefined;
  readonly need:
    | { readonly kind: 'token' | 'optional' }
    | { readonly kind: 'client'; readonly target: ClientTarget }
    | { readonly kind: 'publisher'; readonly event: AnyClass };
}

/** Whether a class is decorated with `@Injectable`. */
export function isInjectable(target: object): boolean {
  return ownMetadata<boolean>(injectableKey, target) === true;
}

export const injectionsKey = Symbol.for('tenon.injections');
const injectableKey = Symbol.for('tenon.injectable');

function record(target: object, injection: DeclaredInjection): void {
  appendMetadata(injectionsKey, injection, target);
}

function circular(target: object, index: number, decorator: string): ServiceError {
  const name = (target as { name?: string }).name ?? 'a class';
  return new ServiceError(
    'FailedPrecondition',
    `@${decorator} of parameter ${index + 1} of ${name} got undefined: the two files import each other; break the circle with contract(), or move the class into a file of its own`,
    { executed: 'no' },
  );
}
