import { join } from 'node:path';
import type { CaseResult, Meeting } from './meeting.js';
import { ran } from './program.js';

/**
 * Runs a script of the stranger's folder that calls `runCases` of `harness/cases.mjs`, and puts its cases into the meeting. A script
 * that ends badly, or before it has counted its cases, is itself a failed case.
 *
 * @param args - what the script is given, as `process.argv` has it
 * @param limitMs - for all its cases; default 120 s
 */
export async function casesOfScript(
  meeting: Meeting,
  script: string,
  args: readonly string[],
  limitMs = 120_000,
): Promise<void> {
  const { code, said, complained } = await ran(process.execPath, [join(meeting.folder, script), ...args], {
    cwd: meeting.folder,
    limitMs,
  });
  let counted = false;
  for (const line of said.split('\n').filter((text) => text !== '')) {
    const told = JSON.parse(line) as CaseResult & { readonly version?: string; readonly count?: number };
    if (told.version !== undefined) meeting.version = told.version;
    else if (told.count !== undefined) counted = true;
    else meeting.record(told);
  }
  if (code !== 0 || !counted) throw new Error(`${script} ended with ${code}: ${complained}`);
}
