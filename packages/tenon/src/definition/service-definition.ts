import type {
  DtoClass,
  EndpointDescriptor,
  Intercept,
  Interceptor,
  Metadata,
  Schema,
  SubscriptionOptions,
  Token,
} from '@tenon/contract';

/** A class with any constructor. */
export type AnyClass<T = object> = DtoClass<T>;

/** What `@Use` takes: a function, or the class of an interceptor that the container makes. */
export type UseTarget = Intercept | Token<Interceptor>;

/** One endpoint method with what its decorator says. */
export interface EndpointDefinition {
  readonly method: string;
  readonly descriptor: EndpointDescriptor;
  readonly use: readonly UseTarget[];
  readonly metadata: Metadata;
}

/** One subscription method with what its decorator says. */
export interface SubscriptionDefinition {
  readonly method: string;
  /** `Mails.onOrderPlaced`. */
  readonly name: string;
  readonly topic: string;
  readonly options: SubscriptionOptions;
  readonly event: Schema | undefined;
  readonly use: readonly UseTarget[];
}

/** A service class, read once: what it is called, what it offers, what it listens to. */
export interface ServiceDefinition {
  readonly serviceClass: AnyClass;
  readonly name: string;
  readonly version: string;
  /** The first part of endpoint names on the wire. */
  readonly wireName: string;
  readonly metadata: Metadata;
  readonly endpoints: readonly EndpointDefinition[];
  readonly subscriptions: readonly SubscriptionDefinition[];
}
