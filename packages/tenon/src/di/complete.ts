import { Client, type Dependency, type Provider, ServiceError, type Token } from '@tenon/contract';
import type { ServiceIdentifier } from 'inversify';
import { boundPublisher } from '../clients/bound-publisher.js';
import { makeClient } from '../clients/make-client.js';
import { type DeclaredInjection, injectionsKey, isInjectable } from '../decorators/inject.js';
import { missingMetadata } from '../definition/request-type.js';
import type { AnyClass } from '../definition/service-definition.js';
import { emittedParameterTypes, ownMetadata } from '../metadata.js';
import type { Bindings } from './bindings.js';

/**
 * Walks from what will be built to everything it needs, before anything is built: binds the clients and publishers that
 * are injected somewhere, and the `@Injectable` classes that nobody bound.
 *
 * @throws ServiceError `FailedPrecondition` for the first dependency that nothing fills, naming who asked, for what, and
 * the package to install.
 */
export function complete(bindings: Bindings, roots: readonly (AnyClass | Provider)[]): void {
  const seen = new Set<AnyClass | Provider>();
  const visit = (asker: AnyClass | Provider): void => {
    if (seen.has(asker)) return;
    seen.add(asker);
    for (const need of needsOf(asker)) {
      bindOnDemand(bindings, need);
      const { identifier } = need;
      if (identifier === undefined) continue;
      if (!bindings.isBound(identifier)) {
        if (need.optional) continue;
        throw missing(need);
      }
      const { class: boundClass, provider } = bindings.howBound(identifier);
      if (boundClass !== undefined) visit(boundClass);
      if (provider !== undefined) visit(provider);
    }
  };
  for (const root of [...roots, ...bindings.all]) visit(root);
}

/** One thing that somebody needs. */
interface Need {
  readonly asker: string;
  readonly identifier: ServiceIdentifier | undefined;
  readonly optional: boolean;
  readonly declared: DeclaredInjection | undefined;
}

function needsOf(asker: AnyClass | Provider): readonly Need[] {
  if (typeof asker !== 'function') {
    return asker.dependencies.map((dependency) => ({
      asker: `the provider of ${asker.token.name}`,
      identifier: tokenOf(dependency) as ServiceIdentifier,
      optional: typeof dependency !== 'function',
      declared: undefined,
    }));
  }
  const declared = ownMetadata<readonly DeclaredInjection[]>(injectionsKey, asker) ?? [];
  const emitted = emittedParameterTypes(asker);
  const count = Math.max(asker.length, emitted?.length ?? 0);
  return Array.from({ length: count }, (_, index) => {
    const own = declared.filter((injection) => injection.index === index);
    const named = own.find((injection) => injection.token !== undefined);
    return {
      asker: `parameter ${index + 1} of ${asker.name}`,
      identifier: (named?.token ?? typeIdentifier(emitted?.[index], asker, index, own.length > 0)) as
        | ServiceIdentifier
        | undefined,
      optional: own.some((injection) => injection.need.kind === 'optional'),
      declared: named,
    };
  });
}

/** The class that a parameter is typed as; undefined where inversify's own decorators may say more than we read. */
function typeIdentifier(type: unknown, asker: AnyClass, index: number, isDeclared: boolean): unknown {
  if (isDeclared || hasInversifyInjection(asker, index)) return undefined;
  if (typeof type === 'function' && type !== Object) return type;
  const why =
    type === undefined
      ? missingMetadata
      : 'its type is an interface or a type alias, which leaves nothing behind at run time.';
  throw new ServiceError(
    'FailedPrecondition',
    `parameter ${index + 1} of ${asker.name} cannot be injected: ${why} Or say what it is: @Inject(Token).`,
    {
      executed: 'no',
    },
  );
}

/** Whether inversify's own `@inject` or `@multiInject` stands at a parameter: what fills it is then inversify's affair. */
function hasInversifyInjection(asker: AnyClass, index: number): boolean {
  const metadata = ownMetadata<InversifyClassMetadata>(inversifyKey, asker);
  const argument = metadata?.constructorArguments?.[index];
  return argument !== undefined && argument.isFromTypescriptParamType !== true;
}

interface InversifyClassMetadata {
  readonly constructorArguments?: readonly { readonly isFromTypescriptParamType?: boolean }[];
}

function bindOnDemand(bindings: Bindings, { identifier, declared }: Need): void {
  if (identifier === undefined || bindings.isBound(identifier)) return;
  const client = (): Client => bindings.get(Client);
  if (declared?.need.kind === 'client') {
    const { target } = declared.need;
    bindings.bindMade(identifier, () => makeClient(target, client()));
  } else if (declared?.need.kind === 'publisher') {
    const { event } = declared.need;
    bindings.bindMade(identifier, () => boundPublisher(event, bindings));
  } else if (typeof identifier === 'function' && isInjectable(identifier)) {
    bindings.bindClass(identifier as unknown as AnyClass);
  }
}

function tokenOf(dependency: Dependency): Token {
  if (typeof dependency === 'function') return dependency;
  return 'all' in dependency ? dependency.all : dependency.optional;
}

function missing({ asker, identifier }: Need): ServiceError {
  const name = typeof identifier === 'function' ? identifier.name : String(identifier);
  const seam = packagedSeams.get(name);
  const mend =
    seam !== undefined
      ? `install a package named @tenon/${seam}-… and add its provider to modules`
      : `add provide(${name}, …) to modules, or decorate the class with @Injectable()`;
  return new ServiceError('FailedPrecondition', `${asker} needs ${name}, and nothing is bound to it: ${mend}`, {
    executed: 'no',
  });
}

/** Seams whose providers come in packages of their own, and how the names of those begin. */
const packagedSeams: ReadonlyMap<string, string> = new Map([
  ['Registry', 'registry'],
  ['Transport', 'transport'],
  ['Broker', 'broker'],
  ['Codec', 'codec'],
  ['Validator', 'validator'],
  ['InboxStore', 'inbox'],
]);
const inversifyKey = '@inversifyjs/core/classMetadataReflectKey';
