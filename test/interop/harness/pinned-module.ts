import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of a Go module that a folder's go.mod pins: `v1.2.3`. */
export function pinnedModule(folder: string, module: string): string {
  const text = readFileSync(join(folder, 'go.mod'), 'utf8');
  const line = text.split('\n').find((one) => one.replace(/^\s*(?:require\s+)?/, '').startsWith(`${module} `));
  if (line === undefined) throw new Error(`${folder}/go.mod does not pin ${module}`);
  return (
    line
      .replace(/\/\/.*$/, '')
      .trim()
      .split(/\s+/)
      .at(-1) ?? ''
  );
}
