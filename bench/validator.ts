import { conclude, table, writeResults } from './harness/report.js';
import { sideBySide } from './harness/side-by-side.js';
import { contests } from './validator/cases.js';

// Compiled DTOs against plainToInstance + validateSync, the same values through both.
// Run: npm run bench -- validator [--quick]
// --quick measures a tenth of the time and keeps no results.

const quick = process.argv.includes('--quick');
const effort = { repetitions: quick ? 3 : 5, timeMs: quick ? 40 : 400 };
const outcomes = await sideBySide(contests, effort);
const theirs = 'plainToInstance + validateSync';
const text = table('compiled', theirs, outcomes);
console.log(text);
if (!quick) {
  const packages = ['@tenon/validator-class', 'class-validator', 'class-transformer', 'validator', 'tinybench'];
  writeResults('validator', text, packages, effort, outcomes);
}
conclude('validator', theirs, outcomes);
