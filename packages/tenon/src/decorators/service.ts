import type { Metadata } from '@tenon/contract';
import { injectable } from 'inversify';
import { setMetadata } from '../metadata.js';

export interface ServiceOptions {
  /** Free text, by convention a semantic version. Default `0.0.0`. */
  readonly version?: string;
  /**
   * The first part of endpoint names on the wire, `Greeter` in `Greeter.Hello`. Default: the class name, which a minifier
   * must then keep.
   */
  readonly as?: string;
  /** Labels of every node of the service, for callers' `labels` option and for filters. */
  readonly metadata?: Metadata;
}

/**
 * Makes a class a service: its `@Endpoint` methods can be called, its `@Subscribe` methods get events, and the container
 * builds one instance of it per app.
 *
 * @param name - what it is called in the registry and in URLs: lower case by convention.
 */
export function Service(name: string, options: ServiceOptions = {}): ClassDecorator {
  return (target) => {
    injectable('Singleton')(target);
    setMetadata(serviceKey, { name, ...options } satisfies DeclaredService, target);
  };
}

/** What `@Service` keeps on the class. */
export interface DeclaredService extends ServiceOptions {
  readonly name: string;
}

export const serviceKey = Symbol.for('tenon.service');
