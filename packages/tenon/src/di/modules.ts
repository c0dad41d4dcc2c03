import { type Provider } from '@tenon/contract';
import type { ContainerModule } from 'inversify';

/** What `modules` takes: providers, inversify's container modules, and lists of them. A later one wins over an earlier. */
export type Module = Provider | ContainerModule | readonly Module[];
