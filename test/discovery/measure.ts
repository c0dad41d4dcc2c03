import { type BackEndModule, backEnds } from './back-end.js';
import { type Detection, detectionOf } from './detection.js';
import { type Large, largeOf } from './large.js';

// Measures every registry of the packages, or those that are named, and tells the parent process of each. Arguments: --quick, names.

export interface Measured {
  readonly name: string;
  readonly what: string;
  readonly ttlMs: number;
  readonly extraMs: number;
  readonly detection?: Detection;
  readonly large?: readonly Large[];
  /** Why it was not measured. */
  readonly missing?: string;
  readonly failure?: string;
}

const quick = process.argv.includes('--quick');
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
for (const [name, module] of await backEnds()) {
  if (wanted.length === 0 || wanted.includes(name)) process.send?.(await measured(module));
}
process.disconnect();

async function measured(module: BackEndModule): Promise<Measured> {
  const { name, what, ttlMs, extraMs = 0, mostNodes = 10_000 } = module.backEnd;
  const facts = { name, what, ttlMs, extraMs };
  try {
    const detection = await withBackEnd(module, (where) => detectionOf(module, where));
    const large: Large[] = [];
    for (const nodes of quick ? [100] : [100, 1_000, 10_000].filter((count) => count <= mostNodes)) {
      large.push(await withBackEnd(module, (where) => largeOf(module, where, nodes)));
    }
    return { ...facts, detection, large };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const isMissing = thrown instanceof Error && thrown.name === 'Missing';
    return isMissing ? { ...facts, missing: reason } : { ...facts, failure: reason };
  }
}

async function withBackEnd<T>({ backEnd }: BackEndModule, work: (where: unknown) => Promise<T>): Promise<T> {
  await using running = await backEnd.start();
  return await work(running.where);
}
