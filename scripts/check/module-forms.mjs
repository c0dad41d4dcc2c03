import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captured } from '../system/run.mjs';

/**
 * Loads each entry point by `require` and by `import`, and compares: the same names with the same values, and at least one.
 *
 * @param {string} folder inside a project in which the packages are installed
 * @param {readonly string[]} specifiers
 */
export async function checkModuleForms(folder, specifiers) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'compare.cjs'), compare);
  const printed = await captured(process.execPath, ['compare.cjs', ...specifiers], { cwd: folder, timeoutMs: 60_000 });
  return printed.trim();
}

const compare = `
const { isDeepStrictEqual } = require('node:util');
const names = (namespace) => Object.keys(namespace).filter((name) => name !== '__esModule' && name !== 'module.exports').sort();

async function main() {
  for (const specifier of process.argv.slice(2)) {
    const required = require(specifier);
    const imported = await import(specifier);
    const [byRequire, byImport] = [names(required), names(imported)];
    console.error(specifier + ': ' + byRequire.join(', '));
    if (byRequire.length === 0) throw new Error(specifier + ' exports nothing');
    if (!isDeepStrictEqual(byRequire, byImport)) throw new Error(specifier + ' exports other names to import: ' + byImport);
    const differing = byImport.filter((name) => required[name] !== imported[name]);
    if (differing.length > 0) throw new Error(specifier + ' is loaded twice: ' + differing.join(', '));
  }
  console.log(process.argv.length - 2 + ' entry points');
}

main();
`;
