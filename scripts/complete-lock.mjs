import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './system/command.mjs';
import { root } from './system/repository.mjs';

/**
 * Adds to package-lock.json the packages of other platforms that npm left out.
 *
 * A tool with a native part lists one package per platform as optional. npm drops from the lockfile those that it cannot
 * see while it writes it (npm/cli#4828), and `npm ci` then refuses the file, on every machine. What is added has version
 * and platform; the first `npm install` that can see the package adds its checksum. Run it after changing dependencies.
 */
async function completeLock() {
  const path = join(root, 'package-lock.json');
  const { atime, mtime } = statSync(path);
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  const added = missingPlatformPackages(lock.packages);
  if (added.length === 0) return;
  const entries = [...Object.entries(lock.packages), ...added].sort(([one], [other]) => one.localeCompare(other, 'en'));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, null, 2)}\n`);
  // Nothing that is installed here changes by it: the file stays as old as it was, and node_modules up to date.
  utimesSync(path, atime, mtime);
  console.log(`Added to package-lock.json:\n  ${added.map(([location]) => location).join('\n  ')}`);
}

/**
 * @param {import('./check/lockfile.mjs').Lock} packages
 * @returns {[string, object][]} by location
 */
export function missingPlatformPackages(packages) {
  return Object.entries(packages).flatMap(([location, { dev, optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !(`node_modules/${name}` in packages) && !(`${location}/node_modules/${name}` in packages))
      .map(
        ([name, version]) => /** @type {[string, object]} */ ([`node_modules/${name}`, entryOf(name, version, dev)]),
      ),
  );
}

/** @param {string} name @param {string} version @param {boolean} [isDevelopment] */
function entryOf(name, version, isDevelopment) {
  const cpu = /(arm64|x64|arm|ia32|ppc64|riscv64|s390x|loong64)/.exec(name)?.[1];
  const os = /(android|darwin|freebsd|linux|openharmony|win32)/.exec(name)?.[1];
  if (cpu === undefined || os === undefined || !/^\d+\.\d+\.\d+/.test(version)) {
    throw new Error(`${name}@${version} is not in package-lock.json and does not look like the package of a platform.`);
  }
  const libc = os !== 'linux' ? undefined : /musl/.test(name) ? 'musl' : 'glibc';
  return {
    version,
    cpu: [cpu],
    ...(isDevelopment === true && { dev: true }),
    ...(libc !== undefined && { libc: [libc] }),
    optional: true,
    os: [os],
  };
}

await command(import.meta.url, completeLock);
