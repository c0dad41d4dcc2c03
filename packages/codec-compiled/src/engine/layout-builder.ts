import type { BuildPlan, Decoder } from '@tenon/contract';
import { GeneratedCode, mayGenerate } from '@tenon/contract/authoring';
import type { Layout } from '@tenon/schema';
import { generateBuild } from './generate-builder.js';
import { joinPlans } from './joined-plans.js';
import { prepareReaders } from './prepare-readers.js';
import { recordReader } from './read-record.js';
import { Reading, type ReadValue } from './reading.js';

/**
 * Reads, checks and builds at once. Undefined where the bytes are not a value that the plan accepts, for whatever reason:
 * malformed, a rule that is broken, a constructor that throws. Never throws: what is wrong is for a reader and a validator
 * to say, which take their time.
 */
export type LayoutBuilder = (buffer: Uint8Array, start: number, end: number, plain: Decoder) => object | undefined;

/**
 * The builder of a layout by a plan; undefined where the two cannot be joined, or code must not be generated.
 *
 * @param options.generateCode - for layouts of this process's own classes, never for one from a wire.
 */
export function compileBuilder(
  layout: Layout,
  plan: BuildPlan,
  options: { readonly generateCode: boolean },
): LayoutBuilder | undefined {
  if (!options.generateCode || !mayGenerate()) return undefined;
  const joined = joinPlans(layout.records, plan);
  if (joined === undefined) return undefined;
  const records: ReadValue[] = [];
  const parts = prepareReaders(layout.records, records);
  records.push(...layout.records.map((record) => recordReader(record, parts)));
  const build = generateBuild(joined, parts, new GeneratedCode());
  return (buffer, start, end, plain) => {
    try {
      const reading = new Reading(buffer, start, end, plain);
      const built = build(reading, 0);
      return reading.position === end ? built : undefined;
    } catch {
      return undefined;
    }
  };
}
