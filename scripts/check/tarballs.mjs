import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../build.mjs';
import { publishedPackages } from '../system/repository.mjs';
import { captured } from '../system/run.mjs';

/**
 * @typedef {object} Tarball
 * @property {string} name
 * @property {string} path
 * @property {readonly string[]} specifiers Everything that can be imported of it: `@tenon/contract/authoring`.
 */

/**
 * Packs every published package, built from nothing, exactly as `npm publish` would.
 *
 * @param {string} destination a folder, made when absent
 * @returns {Promise<readonly Tarball[]>}
 * @throws {Error} when a file that users need is not in a tarball, or one that they do not need is
 */
export async function packAll(destination) {
  await build({ fresh: true });
  mkdirSync(destination, { recursive: true });
  const packages = publishedPackages();
  const workspaceOptions = packages.flatMap(({ folder }) => ['--workspace', folder]);
  const printed = await captured('npm', ['pack', '--json', '--pack-destination', destination, ...workspaceOptions]);
  /** @type {{ name: string, filename: string, files: { path: string }[] }[]} */
  const packed = JSON.parse(printed);

  return packages.map(({ folder, manifest }) => {
    const { filename, files } = packed.find(({ name }) => name === manifest.name) ?? { filename: '', files: [] };
    checkFiles(
      folder,
      manifest,
      files.map(({ path }) => path),
    );
    return { name: manifest.name, path: join(destination, filename), specifiers: specifiersOf(manifest) };
  });
}

/**
 * @param {string} folder
 * @param {import('../system/repository.mjs').Manifest} manifest
 * @param {readonly string[]} files
 */
function checkFiles(folder, manifest, files) {
  const targets = Object.values(manifest.exports ?? {}).flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target),
  );
  const needed = ['README.md', 'LICENSE', ...targets.map((target) => target.replace(/^\.\//, ''))];
  const missing = needed.filter((file) => !files.includes(file));
  const unwanted = files.filter((file) => /\.test\.|\.tsbuildinfo$|^test\//.test(file));
  if (missing.length > 0) throw new Error(`The tarball of ${folder} lacks ${missing.join(', ')}.`);
  if (unwanted.length > 0) throw new Error(`The tarball of ${folder} has ${unwanted.join(', ')}, which nobody needs.`);
}

/** @param {import('../system/repository.mjs').Manifest} manifest */
function specifiersOf({ name, exports = {} }) {
  return Object.keys(exports)
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => name + subpath.slice(1));
}
