import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FoundStranger, Stranger } from './stranger.js';

/** Every stranger, by listing: a new one is a new file or folder. */
export async function strangersFound(): Promise<readonly FoundStranger[]> {
  const names = readdirSync(compiled, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return entry.name.endsWith('.js') ? [entry.name.slice(0, -'.js'.length)] : [];
    return existsSync(new URL(`${entry.name}/stranger.js`, compiled)) ? [entry.name] : [];
  });
  return Promise.all([...new Set(names)].sort().map(strangerNamed));
}

async function strangerNamed(name: string): Promise<FoundStranger> {
  const own = existsSync(new URL(`${name}/stranger.js`, compiled));
  const file = own ? `${name}/stranger` : name;
  if (own && existsSync(new URL(`${name}.js`, compiled))) throw new Error(`there are two strangers ${name}`);
  const module = (await import(new URL(`${file}.js`, compiled).href)) as Readonly<Record<string, unknown>>;
  const [stranger, ...more] = Object.values(module) as Stranger[];
  if (stranger === undefined || more.length > 0 || typeof stranger.meet !== 'function') {
    throw new Error(`test/interop/strangers/${file}.ts must export one stranger and nothing else`);
  }
  const folder = fileURLToPath(new URL(own ? `${name}/` : './', sources));
  return { name, folder, direction: stranger.direction, meet: (meeting) => stranger.meet(meeting) };
}

/** This file runs from `test/interop/dist/interop/harness`. */
const compiled = new URL('../strangers/', import.meta.url);
const sources = new URL('../../../strangers/', import.meta.url);
