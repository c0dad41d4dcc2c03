import type { ServiceDefinition } from '../definition/service-definition.js';
import type { Bindings } from '../di/bindings.js';
import type { ResolvedAppOptions } from './app-options.js';
import type { LifecycleRunner } from './lifecycle.js';

/** What an app is made of; `createApp` puts it together. */
export interface AppParts {
  readonly bindings: Bindings;
  readonly definitions: readonly ServiceDefinition[];
  readonly lifecycle: LifecycleRunner;
  readonly options: ResolvedAppOptions;
}
