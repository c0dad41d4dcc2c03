import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root } from '../system/repository.mjs';

/**
 * @typedef {object} LockEntry What we read of one entry of package-lock.json, version 3.
 * @property {string} [name]
 * @property {string} [version]
 * @property {string} [resolved]
 * @property {boolean} [link]
 * @property {boolean} [dev]
 * @property {boolean} [hasInstallScript]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, { optional?: boolean }>} [peerDependenciesMeta]
 */

/**
 * @typedef {Record<string, LockEntry>} Lock Entries by location: `packages/core`, `node_modules/a/node_modules/b`.
 */

/** @returns {Lock} */
export function readLock() {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
}

/**
 * Everything that an installation of some packages brings along at run time: dependencies, optional ones and peers, all
 * the way down, without the packages started from.
 *
 * @param {Lock} lock
 * @param {readonly string[]} locations where to start: `packages/core`
 * @returns {Set<string>} locations
 */
export function runtimeClosure(lock, locations) {
  const seen = new Set(locations);
  const waiting = [...locations];
  for (let location = waiting.pop(); location !== undefined; location = waiting.pop()) {
    for (const { name, isOptional } of runtimeDependencies(lock[location] ?? {})) {
      const found = resolve(lock, location, name);
      if (found === undefined) {
        if (isOptional) continue;
        throw new Error(`package-lock.json has no ${name}, which ${location} depends on. Run npm install.`);
      }
      if (seen.has(found)) continue;
      seen.add(found);
      waiting.push(found);
    }
  }
  for (const location of locations) seen.delete(location);
  return seen;
}

/**
 * @param {Lock} lock
 * @param {string} location
 */
export function nameAt(lock, location) {
  return lock[location]?.name ?? location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** @param {LockEntry} entry */
function runtimeDependencies({ dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta }) {
  const optional = Object.keys(optionalDependencies ?? {});
  return [
    ...Object.keys(dependencies ?? {}).map((name) => ({ name, isOptional: optional.includes(name) })),
    ...optional.map((name) => ({ name, isOptional: true })),
    ...Object.keys(peerDependencies ?? {}).map((name) => ({
      name,
      isOptional: peerDependenciesMeta?.[name]?.optional === true,
    })),
  ];
}

/**
 * Looks a name up as Node does: in the node_modules of the folder itself, then of each folder above it.
 *
 * @param {Lock} lock
 * @param {string} location
 * @param {string} name
 */
function resolve(lock, location, name) {
  for (let folder = location; ; folder = posix.dirname(folder)) {
    const found = posix.join(folder, 'node_modules', name);
    const entry = lock[found];
    if (entry !== undefined) return entry.link === true ? entry.resolved : found;
    if (folder === '.') return undefined;
  }
}
