import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './page.js';

/** The TypeScript files below the `src` of every package, without tests. */
export function sourcesOfPackages(): readonly string[] {
  const packages = join(root, 'packages');
  return readdirSync(packages)
    .map((name) => join(packages, name, 'src'))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
}
