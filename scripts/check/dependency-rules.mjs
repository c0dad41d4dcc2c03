import { missingPlatformPackages } from '../complete-lock.mjs';
import { publishedPackages } from '../system/repository.mjs';
import { nameAt, readLock, runtimeClosure } from './lockfile.mjs';

/** Packages with an install script that users may get. Both work without having run it, and we never run it. */
const allowedAtRunTime = new Map([
  ['protobufjs', 'comes with @grpc/proto-loader (etcd3); its script only prints a warning about version ranges'],
]);

/** Packages with an install script that only developers get. A new one is a decision: add it with its reason. */
const allowedForDevelopment = new Map([
  [
    'msgpackr-extract',
    'an optional native decoder of msgpackr, which tests and benches compare with; left out by --omit=optional',
  ],
]);

/** The oldest versions without a published advisory that concerns us. SECURITY.md says how a floor is raised. */
const floors = new Map([
  ['@grpc/grpc-js', '1.14.5'],
  ['msgpackr', '2.0.4'],
  ['protobufjs', '7.5.8'],
]);

const maxCoreClosure = 10;

/**
 * Checks the lockfile: that it is whole, who may have an install script, how old a dependency may be, and how much
 * @tenon/core brings along.
 *
 * @returns {Promise<string>} the figures
 */
export async function checkDependencies() {
  const lock = readLock();
  const published = publishedPackages().map(({ folder }) => folder);
  const atRunTime = new Set([...published, ...runtimeClosure(lock, published)]);
  const scripted = Object.keys(lock).filter((location) => lock[location]?.hasInstallScript === true);
  const findings = scripted.flatMap((location) => {
    const name = nameAt(lock, location);
    const isRuntime = atRunTime.has(location);
    const allowed = isRuntime ? allowedAtRunTime : allowedForDevelopment;
    if (allowed.has(name)) return [];
    return [
      `${name} (${location}) has an install script, and users ${isRuntime ? 'would get it' : 'would not get it'}`,
    ];
  });

  const core = [...runtimeClosure(lock, ['packages/core'])].map((location) => nameAt(lock, location));
  if (core.length > maxCoreClosure) {
    findings.push(`@tenon/core brings ${core.length} packages, over ${maxCoreClosure}: ${core.sort().join(', ')}`);
  }
  for (const location of atRunTime) {
    const name = nameAt(lock, location);
    const [version = '0', floor] = [lock[location]?.version, floors.get(name)];
    if (floor !== undefined && isOlder(version, floor))
      findings.push(`${name} is ${version}, below its floor ${floor}`);
  }
  for (const [location] of missingPlatformPackages(lock)) {
    findings.push(`${location} is not in package-lock.json, and npm ci refuses it: node scripts/complete-lock.mjs`);
  }
  if (findings.length > 0) {
    throw new Error(`${findings.join('\n')}\nThe rules stand in scripts/check/dependency-rules.mjs.`);
  }
  const names = scripted.map((location) => nameAt(lock, location));
  return `install scripts: ${names.join(', ') || 'none'}; @tenon/core brings ${core.length} of ${maxCoreClosure}`;
}

/** @param {string} version @param {string} floor both as `1.2.3` */
function isOlder(version, floor) {
  return version.localeCompare(floor, 'en', { numeric: true }) < 0;
}
