import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository, wherever a command is called from. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/**
 * @typedef {object} Manifest What the commands read of a package.json.
 * @property {string} name
 * @property {string} version
 * @property {boolean} [private]
 * @property {readonly string[]} [workspaces]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string | Record<string, string>>} [exports]
 */

/**
 * @typedef {object} Workspace
 * @property {string} folder Relative to the root: `packages/core`.
 * @property {Manifest} manifest
 */

/**
 * @param {string} [folder] relative to the root
 * @returns {Manifest}
 */
export function readManifest(folder = '.') {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
}

/**
 * Every workspace, in the order of the globs of package.json and then by name: a new package is found without an edit.
 *
 * @returns {readonly Workspace[]}
 */
export function workspaces() {
  return (readManifest().workspaces ?? []).flatMap((pattern) => {
    const parent = pattern.replace(/\/\*$/, '');
    return filesOf(parent)
      .map((name) => `${parent}/${name}`)
      .filter((folder) => existsSync(join(root, folder, 'package.json')))
      .map((folder) => ({ folder, manifest: readManifest(folder) }));
  });
}

/** The workspaces that users install. */
export function publishedPackages() {
  return workspaces().filter(({ folder, manifest }) => folder.startsWith('packages/') && manifest.private !== true);
}

/** @param {string} folder relative to the root; one that does not exist, or is a file, is empty */
export function filesOf(folder) {
  const path = join(root, folder);
  return existsSync(path) && statSync(path).isDirectory() ? readdirSync(path).sort() : [];
}
