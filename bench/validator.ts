import { conclude, table, writeResults } from './harness/report.js';
import { sideBySide } from './harness/side-by-side.js';
import { contests } from './validator/cases.js';

// Compiled DTOs against plainToInstance + validateSync, the same values through both.
// Run: npm run bench -- validator [--quick]
// --quick measures a tenth of the time and keeps no results.

const quick = process.argv.includes('--quick');
const effort = { repetitions: quick ? 5 : 9, timeMs: quick ? 40 : 400 };
const outcomes = await sideBySide(contests, effort);
const text = table('compiled', 'plainToInstance + validateSync', outcomes);
console.log(text);
if (!quick) {
  const packages = ['@tenon/validator-class', 'class-validator', 'class-transformer', 'validator', 'tinybench'];
  writeResults('validator', text, packages, effort, outcomes);
}
conclude(outcomes);
