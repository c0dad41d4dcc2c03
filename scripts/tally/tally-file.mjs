import { existsSync, readFileSync } from 'node:fs';

/**
 * Reads what a runner's reporter wrote. A runner that ended badly without a failed test (it crashed, it found no tests) is
 * one failure, so that the sum is never green by absence.
 *
 * @param {string} runner its name for people
 * @param {string} file
 * @param {number} exitCode
 * @returns {import('./tally.mjs').Tally}
 */
export function readTally(runner, file, exitCode) {
  const tally = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skips: [] };
  if (exitCode === 0 || tally.failed > 0) return tally;
  console.error(`${runner} ended with exit code ${exitCode} and names no failed test: counted as one failure.`);
  return { ...tally, failed: 1 };
}
