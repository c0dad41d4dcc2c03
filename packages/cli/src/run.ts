import { CommanderError } from 'commander';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { Failure } from './failure.js';
import { jsonText } from './output.js';
import { program } from './program.js';
import { Secrets } from './secrets.js';
import type { Surroundings } from './surroundings.js';
import { visible } from './table.js';

/** Runs the command with its arguments, says what went wrong on standard error, and tells what to exit with. Never rejects. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const secrets = new Secrets();
  try {
    await program(surroundings, secrets).parseAsync(args, { from: 'user' });
    return exitCodes.ok;
  } catch (thrown) {
    // It has said so itself, and help is no mistake.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (surroundings.signal.aborted) return exitCodes.interrupted;
    const failure = thrown instanceof Failure ? thrown : Failure.ofCall(thrown);
    surroundings.errors.write(`${secrets.redact(told(failure, args.includes('--json')))}\n`);
    return failure.exitCode;
  }
}

function told({ message, error }: Failure, isJson: boolean): string {
  if (isJson) return jsonText({ error: { message, ...error?.toRecord() } });
  const details = error?.details === undefined ? '' : `\n${jsonText(error.details, 2)}`;
  return `tenon: ${visible(message)}${details}`;
}
