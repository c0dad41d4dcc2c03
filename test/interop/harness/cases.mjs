// For strangers that are libraries: a script in the stranger's folder runs with the stranger's own packages, as a process of its own, and
// hands its cases to the suite, one line of JSON each.

/**
 * Runs named cases one after the other, and says how each came out.
 *
 * @param {string} version of the stranger
 * @param {Readonly<Record<string, () => unknown>>} cases a case passes where its function resolves
 */
export async function runCases(version, cases) {
  say({ version });
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run();
      say({ name, result: 'passed' });
    } catch (thrown) {
      say({ name, result: 'failed', reason: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  }
  say({ count: Object.keys(cases).length });
}

/** @param {object} line */
function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
