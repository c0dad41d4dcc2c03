import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommandFailed } from './run.mjs';

/**
 * Runs a module's own function when the module is the command, and not when another imports it. What the function
 * resolves with is the exit code; an error is told in its own sentence, without a stack, and ends with 1.
 *
 * @param {string} moduleUrl the module's `import.meta.url`
 * @param {(args: readonly string[]) => Promise<number | void>} main
 */
export async function command(moduleUrl, main) {
  const called = process.argv[1];
  if (called === undefined || realpathSync(called) !== realpathSync(fileURLToPath(moduleUrl))) return;
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (thrown) {
    process.exitCode = 1;
    if (thrown instanceof CommandFailed) console.error(thrown.output.trimEnd());
    console.error(thrown instanceof Error ? `\n${thrown.message}` : thrown);
  }
}
