import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';

/** What a figure means nothing without. */
export interface Circumstances {
  readonly date: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  /** The machine's load average over the last five minutes, the benches' own two processes included. */
  readonly load: number;
  /** What to type for the same. */
  readonly command: string;
}

/** The machine, the date, and the versions of what was measured: the named packages, and the peers where installed. */
export function circumstances(packages: readonly string[], command: string): Circumstances {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${memory}, ${platform()} ${release()}`;
  const installed = packages.map((name) => [name, versionOf(name)] as const);
  const versions = { node: process.versions.node, ...Object.fromEntries(installed), ...peerVersions() };
  return { date: new Date().toISOString(), machine, versions, load: loadavg()[1] ?? Number.NaN, command };
}

/** Writes `results/NAME.md` and `results/NAME.json`. */
export function writePage(name: string, text: string, facts: Circumstances, outcomes: object): void {
  mkdirSync(folder, { recursive: true });
  const versions = Object.entries(facts.versions).map(([what, version]) => `${what} ${version}`);
  const foot = `${facts.date}. ${facts.machine}, load ${facts.load.toFixed(1)}. ${versions.join(', ')}. \`${facts.command}\``;
  writeFileSync(new URL(`${name}.md`, folder), `# ${name}\n\n${text}\n\n${foot}\n`);
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify({ ...facts, ...outcomes }, null, 2)}\n`);
}

function peerVersions(): Readonly<Record<string, string>> {
  const manifest = new URL('peers/package.json', bench);
  if (!existsSync(manifest)) return {};
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return dependencies;
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, bench);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

/** This file runs from `bench/dist/harness`. */
const bench = new URL('../../', import.meta.url);
const folder = new URL('results/', bench);
