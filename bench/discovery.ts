import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { circumstances, writePage } from './harness/circumstances.js';
import { tell } from './harness/command.js';

// How soon each registry's clients know, and what large sets cost. Run: npm run bench -- discovery [REGISTRY …] [--quick]
// The lab is test/discovery, run from its sources: what is measured are back ends, timers and the network.

interface Detection {
  readonly joinedMs: number;
  readonly leftMs: number;
  readonly killedMs: number;
}

interface Large {
  readonly nodes: number;
  readonly registeredMs: number;
  readonly listMs: number;
  readonly lookupMs: number;
  readonly watchMs: number;
  readonly changeMs: number;
  readonly heldBytes: number;
}

interface Measured {
  readonly name: string;
  readonly what: string;
  readonly ttlMs: number;
  readonly extraMs: number;
  readonly detection?: Detection;
  readonly large?: readonly Large[];
  readonly missing?: string;
  readonly failure?: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const args = process.argv.slice(2);
const found: Measured[] = [];
const lab = spawn(
  process.execPath,
  ['--expose-gc', '--import', '@oxc-node/core/register', '-C', '@tenon/source', 'test/discovery/measure.ts', ...args],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
);
lab.on('message', (one) => {
  found.push(one as Measured);
  console.log(lineOf(one as Measured));
});
const code = await new Promise<number | null>((resolve) => lab.once('close', resolve));

const text = [detectionTable(found), largeTable(found)].join('\n\n');
console.log(`\n${text}`);
if (args.length === 0) {
  writePage('discovery', text, circumstances(['etcd3', '@oxc-node/core'], 'npm run bench -- discovery'), { found });
}
const late = found.filter((one) => one.detection !== undefined && isLate(one, one.detection));
const bars = found.flatMap(({ name, ttlMs, extraMs, detection }) =>
  detection === undefined
    ? []
    : [
        {
          bar: `discovery ${name}: a killed node is out of every list after ${(ttlMs + extraMs) / 1_000} s + 2 s at most`,
          found: seconds(detection.killedMs),
          outcome: late.some((one) => one.name === name) ? 'failed' : 'passed',
        },
      ],
);
tell(bars);
const failed = found.filter(({ failure }) => failure !== undefined).length + late.length + (code === 0 ? 0 : 1);
const skipped = found.filter(({ missing }) => missing !== undefined).length;
console.log(`\n${found.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && found.length > 0 ? 0 : 1;

function isLate({ ttlMs, extraMs }: Measured, { killedMs }: Detection): boolean {
  return killedMs > ttlMs + extraMs + 2_000;
}

function lineOf({ name, detection, missing, failure }: Measured): string {
  if (missing !== undefined) return `SKIPPED ${name}: ${missing}`;
  if (detection === undefined) return `failed ${name}: ${failure}`;
  return `${name}: joined ${ms(detection.joinedMs)}, left ${ms(detection.leftMs)}, killed ${seconds(detection.killedMs)}`;
}

function detectionTable(all: readonly Measured[]): string {
  const rows = all.flatMap(({ name, what, ttlMs, detection }) =>
    detection === undefined
      ? []
      : [
          `| ${name} | ${what} | ${ttlMs / 1_000} s | ${ms(detection.joinedMs)} | ${ms(detection.leftMs)} | ${seconds(detection.killedMs)} |`,
        ],
  );
  const head =
    '| registry | behind it | time to live | a new node is seen | one that leaves is gone | a killed one is gone |';
  return [head, '|---|---|---|---|---|---|', ...rows].join('\n');
}

function largeTable(all: readonly Measured[]): string {
  const rows = all.flatMap(({ name, large = [] }) =>
    large.map(
      (one) =>
        `| ${name} | ${one.nodes.toLocaleString('en-US')} | ${ms(one.registeredMs)} | ${ms(one.listMs)} | ${ms(one.lookupMs)} | ${ms(one.watchMs)} | ${ms(one.changeMs)} | ${(one.heldBytes / 1_048_576).toFixed(1)} MiB |`,
    ),
  );
  const head =
    '| registry | nodes, ten a service | all registered | list | lookup | a watch begins | a change is seen | a reader holds |';
  return [head, '|---|---|---|---|---|---|---|---|', ...rows].join('\n');
}

function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value).toLocaleString('en-US')} ms`;
}

function seconds(value: number): string {
  return `${(value / 1_000).toFixed(1)} s`;
}
