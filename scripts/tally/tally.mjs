/**
 * @typedef {object} Skip A test that did not run.
 * @property {string} name
 * @property {string} reason
 */

/**
 * @typedef {object} Tally What one run of a test runner came to.
 * @property {number} passed
 * @property {number} failed
 * @property {readonly Skip[]} skips
 */

/**
 * @param {readonly Tally[]} tallies
 * @returns {Tally}
 */
export function sum(tallies) {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
    skips: tallies.flatMap(({ skips }) => skips),
  };
}

/**
 * Each skipped test by name with its reason, and the one line that counts.
 *
 * @param {Tally} tally
 */
export function describe({ passed, failed, skips }) {
  const skipped = skips.map(({ name, reason }) => `${name}\n  SKIPPED: ${reason}`);
  return [...skipped, `${passed} passed, ${failed} failed, ${skips.length} skipped`].join('\n');
}
