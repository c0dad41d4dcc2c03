import { writeFileSync } from 'node:fs';

/** @typedef {import('vitest/node').Reporter} Reporter */

/**
 * A vitest reporter that writes a tally as JSON into the file that TALLY_FILE names. vitest's own JSON report has neither
 * the reason of `context.skip(reason)` nor a test for a file that failed to load.
 *
 * @implements {Reporter}
 */
class VitestTally {
  #isFilteredByName = false;

  /** @param {import('vitest/node').Vitest} vitest */
  onInit(vitest) {
    this.#isFilteredByName = vitest.config.testNamePattern !== undefined;
  }

  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0;
    let failed = unhandledErrors.length;
    const skips = [];
    for (const module of modules) {
      failed += failuresOutsideTests(module);
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'skipped') skips.push({ name: test.fullName, reason: result.note });
        else failed += 1;
      }
    }
    const tally = { passed, failed, skips: skips.filter((skip) => this.#isSkip(skip)).map(withReason) };
    writeFileSync(tallyFile(), JSON.stringify(tally));
  }

  /** What `-t` left out was not asked for. @param {{ reason?: string | undefined }} skip */
  #isSkip({ reason }) {
    return reason !== undefined || !this.#isFilteredByName;
  }
}

/** A file that does not load and a hook of a suite that throws fail the run without failing a test. */
function failuresOutsideTests(/** @type {import('vitest/node').TestModule} */ module) {
  const suites = [...module.children.allSuites()];
  return module.errors().length + suites.reduce((total, suite) => total + suite.errors().length, 0);
}

/** @param {{ name: string, reason?: string | undefined }} skip */
function withReason({ name, reason }) {
  return { name, reason: reason ?? 'no reason given' };
}

function tallyFile() {
  const file = process.env.TALLY_FILE;
  if (file === undefined) throw new Error('TALLY_FILE does not name a file.');
  return file;
}

// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export
export default VitestTally;
