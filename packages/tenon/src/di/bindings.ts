import { type Dependency, isProvider, keyOf, type Provider, ServiceError, seams, type Token } from '@tenon/contract';
import {
  type BindToFluentSyntax,
  Container,
  ContainerModule,
  type ContainerModuleLoadOptions,
  type ServiceIdentifier,
} from 'inversify';
import type { AnyClass } from '../definition/service-definition.js';
import type { Module } from './modules.js';
import { classParticipant, type Participant, providerParticipant } from './participant.js';
import { unkeyed } from './unkeyed.js';

/**
 * The container of one app, and what was bound into it.
 *
 * inversify calls two modules that bind one token ambiguous. Here the later one wins: each module is loaded through load
 * options of our own, whose first `bind` of a token takes away what earlier modules bound to it. Further binds of the same
 * module add, and so do all binds of a token that stands side by side by a key (`static keyedBy`, as Transport's).
 */
export class Bindings {
  readonly container = new Container({ defaultScope: 'Singleton' });
  readonly #classes = new Map<ServiceIdentifier, AnyClass>();
  readonly #providers = new Map<ServiceIdentifier, Provider>();
  readonly #constants = new Map<ServiceIdentifier, unknown[]>();
  readonly #watched = new Map<ServiceIdentifier, boolean>();
  readonly #made: Made[] = [];

  /** What the container has made, in that order: dependencies first. */
  get made(): readonly Made[] {
    return this.#made;
  }

  /** Loads modules in order. Rejects with what a module's own code throws. */
  async load(modules: readonly Module[]): Promise<void> {
    for (const module of modules) {
      if (Array.isArray(module)) await this.load(module as readonly Module[]);
      else if (isProvider(module)) await this.bindProvider(module);
      else if (isContainerModule(module)) await this.#loadModule(module);
      else throw notAModule(module);
    }
  }

  async bindProvider(provider: Provider): Promise<void> {
    const token = identifierOf(provider.token);
    if (keyOf(token) === undefined) await this.#replace(token);
    this.#providers.set(token, provider);
    this.#watch(token, true);
    this.container
      .bind(token)
      .toResolvedValue(
        (...dependencies) =>
          provider.create(...(dependencies.map((one, index) => unkeyed(provider.dependencies[index], one)) as never[])),
        provider.dependencies.map(injectOptions) as never,
      )
      .inSingletonScope();
  }

  bindClass(serviceClass: AnyClass): void {
    const identifier = identifierOf(serviceClass);
    this.#classes.set(identifier, serviceClass);
    this.#watch(identifier, false);
    this.container.bind(identifier).toSelf().inSingletonScope();
  }

  bindMade<T>(identifier: ServiceIdentifier<T>, make: () => T): void {
    this.container.bind(identifier).toDynamicValue(make).inSingletonScope();
  }

  isBound(identifier: ServiceIdentifier): boolean {
    return this.container.isBound(identifier);
  }

  /** What is bound to a token, built if need be. */
  get<T>(token: Token<T>): T {
    return this.container.get(identifierOf(token));
  }

  /** All that is bound to a token, built if need be; of what stands side by side by a key the last of each. */
  getAll<T>(token: Token<T>): readonly T[] {
    const bound = this.isBound(identifierOf(token)) ? this.container.getAll(identifierOf(token)) : [];
    return unkeyed({ all: token }, bound) as readonly T[];
  }

  /** What is known of how a token is filled: the class that is built for it, or its provider. */
  howBound(identifier: ServiceIdentifier): {
    readonly class?: AnyClass | undefined;
    readonly provider?: Provider | undefined;
  } {
    return { class: this.#classes.get(identifier), provider: this.#providers.get(identifier) };
  }

  /** Every token that was bound with how it is filled. */
  get all(): readonly (AnyClass | Provider)[] {
    return [...this.#classes.values(), ...this.#providers.values()];
  }

  async #loadModule(module: ContainerModule): Promise<void> {
    const replaced = new Set<ServiceIdentifier>();
    const waiting: Promise<void>[] = [];
    const wrapped = new ContainerModule((options) => {
      const bind = <T>(identifier: ServiceIdentifier<T>): BindToFluentSyntax<T> =>
        this.#bindInModule(identifier, options, replaced, waiting);
      const rebind = <T>(identifier: ServiceIdentifier<T>): BindToFluentSyntax<T> => {
        replaced.delete(identifier);
        return bind(identifier);
      };
      return module.load({ ...options, bind, rebind, rebindAsync: async (identifier) => rebind(identifier) });
    });
    await this.container.loadAsync(wrapped);
    await Promise.all(waiting);
  }

  #bindInModule<T>(
    identifier: ServiceIdentifier<T>,
    options: ContainerModuleLoadOptions,
    replaced: Set<ServiceIdentifier>,
    waiting: Promise<void>[],
  ): BindToFluentSyntax<T> {
    if (!replaced.has(identifier) && keyOf(identifier) === undefined) waiting.push(this.#replace(identifier));
    replaced.add(identifier);
    this.#watch(identifier, seams.includes(identifier as never));
    const syntax = options.bind(identifier);
    // What is bound is written down, so that a missing dependency is named before anything is built.
    return {
      to: (type) => {
        this.#classes.set(identifier, type as AnyClass);
        return syntax.to(type);
      },
      toSelf: () => {
        this.#classes.set(identifier, identifier as unknown as AnyClass);
        return syntax.toSelf();
      },
      toConstantValue: (value) => {
        this.#constants.set(identifier, [...(this.#constants.get(identifier) ?? []), value]);
        return syntax.toConstantValue(value);
      },
      toDynamicValue: (builder) => syntax.toDynamicValue(builder),
      toFactory: (factory) => syntax.toFactory(factory),
      toResolvedValue: (...parameters: Parameters<typeof syntax.toResolvedValue>) =>
        syntax.toResolvedValue(...parameters),
      toService: (service) => syntax.toService(service),
    } as BindToFluentSyntax<T>;
  }

  /**
   * Takes away what is bound to a token. Nothing has been built yet while modules load, so what there is to dispose of are
   * finished instances that were handed over (`toConstantValue`).
   */
  #replace(identifier: ServiceIdentifier): Promise<void> {
    const constants = this.#constants.get(identifier) ?? [];
    this.#constants.delete(identifier);
    this.#classes.delete(identifier);
    this.#providers.delete(identifier);
    if (this.container.isBound(identifier)) this.container.unbind(identifier);
    // Unbinding takes the activation away with the binding.
    this.#watched.delete(identifier);
    return Promise.all(constants.map(disposeOf)).then(() => undefined);
  }

  /** Remembers what is made for a token, and whether it takes part in the app's life by its methods. */
  #watch(identifier: ServiceIdentifier, isProvided: boolean): void {
    const watched = this.#watched.has(identifier);
    this.#watched.set(identifier, isProvided);
    if (watched) return;
    this.container.onActivation(identifier, (_context, instance) => {
      if (typeof instance === 'object' && instance !== null && !this.#made.some((made) => made.instance === instance)) {
        const participant = this.#participant(instance, identifier);
        if (participant !== undefined) this.#made.push({ instance, identifier, participant });
      }
      return instance;
    });
  }

  #participant(instance: object, identifier: ServiceIdentifier): Participant | undefined {
    if (this.#watched.get(identifier) !== true) return classParticipant(instance);
    // What is bound by hand may need anything.
    const dependencies = this.#providers.get(identifier)?.dependencies ?? [identifier];
    return providerParticipant(instance, identifier, dependencies);
  }
}

/** One object that the container made and whose life the app runs. */
export interface Made {
  readonly instance: object;
  readonly identifier: ServiceIdentifier;
  readonly participant: Participant;
}

/** A token as inversify writes it: its type of classes takes any arguments, ours none, and both mean any class. */
export function identifierOf<T>(token: Token<T>): ServiceIdentifier<T> {
  return token as unknown as ServiceIdentifier<T>;
}

function isContainerModule(module: unknown): module is ContainerModule {
  return typeof module === 'object' && module !== null && 'load' in module && typeof module.load === 'function';
}

function injectOptions(dependency: Dependency): object {
  if (typeof dependency === 'function') return { serviceIdentifier: dependency };
  if ('all' in dependency) return { serviceIdentifier: dependency.all, isMultiple: true, optional: true };
  return { serviceIdentifier: dependency.optional, optional: true };
}

async function disposeOf(value: unknown): Promise<void> {
  if (typeof value !== 'object' || value === null) return;
  if ('close' in value && typeof value.close === 'function') await value.close();
  else if (Symbol.asyncDispose in value) await (value as AsyncDisposable)[Symbol.asyncDispose]();
  else if (Symbol.dispose in value) (value as Disposable)[Symbol.dispose]();
}

function notAModule(module: unknown): ServiceError {
  const what =
    typeof module === 'function'
      ? `the function ${module.name || '(anonymous)'}: was it meant to be called?`
      : String(module);
  return new ServiceError(
    'InvalidArgument',
    `modules takes what provide() returns and inversify ContainerModules; one entry is ${what}`,
    {
      executed: 'no',
    },
  );
}
