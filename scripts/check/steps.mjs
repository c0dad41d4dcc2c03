import { CommandFailed } from '../system/run.mjs';

/**
 * @typedef {object} Step
 * @property {string} name What `--only` calls it.
 * @property {string} about What it proves, in a few words.
 * @property {() => Promise<string | void>} run Rejects on a finding; what it resolves with is printed behind its time.
 */

/** Thrown by a step that cannot be run here, with the reason: it is printed, and never taken for a success. */
export class Skipped extends Error {}

/**
 * Runs steps one after another and prints each with its time. The first that fails ends the run, with what it printed.
 *
 * @param {readonly Step[]} steps
 * @returns {Promise<number>} the exit code
 */
export async function runSteps(steps) {
  for (const { name, about, run } of steps) {
    process.stdout.write(`${name.padEnd(14)} ${about} … `);
    const startedAt = performance.now();
    const time = () => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
    try {
      const detail = await run();
      console.log(`ok (${time()})${detail ? `: ${detail}` : ''}`);
    } catch (thrown) {
      if (thrown instanceof Skipped) {
        console.log(`SKIPPED: ${thrown.message}`);
        continue;
      }
      console.log(`FAILED (${time()})\n`);
      if (thrown instanceof CommandFailed) console.error(thrown.output.trimEnd());
      console.error(`\n${name}: ${thrown instanceof Error ? thrown.message : thrown}`);
      return 1;
    }
  }
  return 0;
}

/**
 * The steps that `--only lint,types` names; all of them without it.
 *
 * @param {readonly Step[]} steps
 * @param {readonly string[]} args
 * @returns {readonly Step[]}
 * @throws {Error} on a name or an argument that does not exist
 */
export function selectSteps(steps, args) {
  if (args.length === 0) return steps;
  const [option, value = ''] = args.flatMap((argument) => argument.split('='));
  const names = value.split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (option !== '--only' || names.length === 0 || unknown.length > 0) {
    const known = steps.map(({ name }) => name).join(',');
    throw new Error(`Cannot read ${JSON.stringify(args.join(' '))}. Usage: npm run check -- --only ${known}`);
  }
  return steps.filter(({ name }) => names.includes(name));
}
