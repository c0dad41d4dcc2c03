/**
 * A node:test reporter that prints a tally as JSON, for a report into a file beside the one for people.
 *
 * @param {AsyncIterable<import('node:test/reporters').TestEvent>} events
 */
// biome-ignore lint/style/noDefaultExport: node:test loads a reporter by its default export
export default async function* nodeTestTally(events) {
  let passed = 0;
  let failed = 0;
  const skips = [];
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const reason = data.skip ?? data.todo;
    const isSuite = data.details.type === 'suite';
    if (reason !== undefined) {
      if (!isSuite) skips.push({ name: data.name, reason: typeof reason === 'string' ? reason : 'no reason given' });
    } else if (type === 'test:pass') {
      if (!isSuite) passed += 1;
    } else if (!failedByItsTests(data.details.error)) {
      failed += 1;
    }
  }
  yield JSON.stringify({ passed, failed, skips });
}

/** Whoever contains a test that failed fails with it, and counts alone only where its own body or hook threw. */
function failedByItsTests(/** @type {Error & { failureType?: string }} */ error) {
  return error.failureType === 'subtestsFailed';
}
