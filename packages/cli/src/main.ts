import { exitCodes } from './exit-codes.js';
import { run } from './run.js';

/** The process: its arguments, streams and signals. Sets the exit code; the second Ctrl-C ends at once. */
export function main(): void {
  const stopped = new AbortController();
  const stop = (): void => {
    if (stopped.signal.aborted) process.exit(exitCodes.interrupted);
    stopped.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  // Whoever reads the output has seen enough, as `head` has.
  process.stdout.on('error', () => stopped.abort());
  // A registry's timers may keep no process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  const surroundings = {
    variables: ownVariables(),
    folder: process.cwd(),
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
    isTerminal: process.stdout.isTTY === true,
    signal: stopped.signal,
  };
  void run(process.argv.slice(2), surroundings).then((exitCode) => {
    clearInterval(alive);
    process.exitCode = exitCode;
    // What a registry of somebody else has left open must not keep us.
    setTimeout(() => process.exit(), lingerMs).unref();
  });
}

/** The variables, less those of Tenon's apps, which stay with them: this process is none of the fleet that it looks at. */
function ownVariables(): Readonly<Record<string, string | undefined>> {
  const variables = { ...process.env };
  for (const name of Object.keys(variables)) if (name.startsWith('TENON_')) delete process.env[name];
  return variables;
}

const lingerMs = 2_000;
