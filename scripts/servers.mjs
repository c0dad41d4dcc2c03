import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { command } from './system/command.mjs';
import { inherited } from './system/run.mjs';

/** What tests, benches and the cluster start on loopback ports of their own, and the Debian package that brings each. */
const servers = [
  { program: 'etcd', debianPackage: 'etcd-server' },
  { program: 'nats-server', debianPackage: 'nats-server' },
  { program: 'zkServer.sh', debianPackage: 'zookeeper' },
  { program: 'avahi-daemon', debianPackage: 'avahi-daemon' },
  { program: 'avahi-browse', debianPackage: 'avahi-utils' },
  { program: 'dbus-daemon', debianPackage: 'dbus' },
  { program: 'ip', debianPackage: 'iproute2' },
  { program: 'serf', debianPackage: 'serf' },
  { program: 'redis-server', debianPackage: 'redis-server' },
  { program: 'rabbitmq-server', debianPackage: 'rabbitmq-server' },
  { program: 'protoc', debianPackage: 'protobuf-compiler' },
];

/** What only some rows of the lab need, beside the servers. */
const tools = [{ program: 'faketime', debianPackage: 'faketime' }];

/**
 * Makes sure that the servers and what they are run with are installed, from Debian's packages where we may (as root, with apt-get). They
 * are programs to us: no daemon is started, neither by the installation nor here.
 *
 * @param {readonly string[]} [wanted] the programs that are needed, tools of the lab too; default: the servers
 * @throws {Error} that says what is missing and how to install it
 */
export async function installServers(wanted = servers.map(({ program }) => program)) {
  await installPrograms([...servers, ...tools].filter(({ program }) => wanted.includes(program)));
}

/**
 * Makes sure that programs are installed, as `installServers` does.
 *
 * @param {readonly { program: string, debianPackage: string }[]} wanted
 * @throws {Error} that says what is missing and how to install it
 */
export async function installPrograms(wanted) {
  const missing = wanted.filter(({ program }) => findProgram(program) === undefined);
  if (missing.length === 0) return;
  if (!mayInstall()) throw new Error(howToInstall(missing));
  await installPackages(missing.map(({ debianPackage }) => debianPackage)).catch((error) => {
    throw new Error(`${error instanceof Error ? error.message : error}\n${howToInstall(missing)}`);
  });

  const stillMissing = missing.filter(({ program }) => findProgram(program) === undefined);
  if (stillMissing.length > 0) throw new Error(howToInstall(stillMissing));
}

/**
 * Installs a package of Debian's that brings no program.
 *
 * @param {string} name
 * @throws {Error} that says how to install it, where we may not
 */
export async function installDebianPackage(name) {
  const how = `sudo apt-get install --no-install-recommends ${name}`;
  if (!mayInstall()) throw new Error(`${name} is not installed. Debian, Ubuntu: ${how}`);
  await installPackages([name]);
}

function mayInstall() {
  return process.getuid?.() === 0 && findProgram('apt-get') !== undefined;
}

/** @param {readonly string[]} packages */
async function installPackages(packages) {
  console.log(`Installing ${packages.join(' and ')}: apt-get install`);
  await withoutStartingDaemons(async () => {
    // A source that cannot be reached fails the update, and may have nothing to do with these packages.
    await aptGet('update');
    const code = await aptGet('install', '-y', '--no-install-recommends', ...packages);
    if (code !== 0) throw new Error(`apt-get install ended with exit code ${code}.`);
  });
}

/** The environment for commands that start the servers: Debian's nats-server is in /usr/sbin, not on everyone's PATH. ZooKeeper's tests run its jars. */
export function serverEnvironment() {
  return { PATH: searchPath().join(delimiter) };
}

/** @param {string} program */
function findProgram(program) {
  return searchPath()
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function searchPath() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...new Set([...folders, '/usr/sbin', '/usr/share/zookeeper/bin'])];
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {readonly string[]} args */
function aptGet(...args) {
  return inherited('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    env: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
}

/**
 * Debian starts a daemon that it installs unless /usr/sbin/policy-rc.d forbids it with exit code 101. A policy that is
 * there already stays as it is: it is the administrator's.
 *
 * @param {() => Promise<void>} work
 */
async function withoutStartingDaemons(work) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    rmSync(policy, { force: true });
  }
}

/** @param {readonly { program: string, debianPackage: string }[]} missing */
function howToInstall(missing) {
  const programs = missing.map(({ program }) => program);
  const packages = missing.map(({ debianPackage }) => debianPackage);
  return [
    `Not installed: ${programs.join(', ')} (looked on PATH, in /usr/sbin and in /usr/share/zookeeper/bin).`,
    `  Debian, Ubuntu: sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
    `  macOS:          brew install ${programs.join(' ')}`,
    '  elsewhere:      https://etcd.io/docs/latest/install and https://docs.nats.io/running-a-nats-service/introduction/installation',
    'Only the programs are needed, on PATH; no daemon has to run. `npm start` needs neither.',
  ].join('\n');
}

await command(import.meta.url, () => installServers());
