import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A package of those that a stranger's folder pins, and its version. */
export function ownModule(folder: string, name: string): { readonly module: unknown; readonly version: string } {
  const load = createRequire(join(folder, 'package.json'));
  const { version } = load(join(folder, 'node_modules', name, 'package.json')) as { readonly version: string };
  return { module: load(name), version };
}
