import { join } from 'node:path';
import { build } from './build.mjs';
import { checkDependencies } from './check/dependency-rules.mjs';
import { OutsideProject } from './check/outside-project.mjs';
import { runSteps, selectSteps } from './check/steps.mjs';
import { checkUnchanged, workingTree } from './check/working-tree.mjs';
import { install } from './install.mjs';
import { command } from './system/command.mjs';
import { root } from './system/repository.mjs';
import { captured } from './system/run.mjs';

/**
 * Checks everything but behaviour: format, lint, types, architecture, dependencies, and the packages as users get them.
 * `--only lint,types` runs the named steps alone.
 *
 * @param {readonly string[]} args
 * @returns {Promise<number>} 0, or 1 at the first step that fails
 */
async function check(args) {
  const outside = new OutsideProject();
  const before = await workingTree();
  /** @type {readonly import('./check/steps.mjs').Step[]} */
  const steps = [
    { name: 'lint', about: 'format and lint rules', run: () => tool('biome', 'check', '--error-on-warnings', '.') },
    { name: 'types', about: 'packages and examples compile', run: () => build() },
    { name: 'test-types', about: 'types of tests, examples, benchmarks and scripts', run: checkTestTypes },
    {
      name: 'architecture',
      about: 'the never-rules of the design',
      run: () => tool('vitest', 'run', 'test/architecture.test.ts'),
    },
    { name: 'dependencies', about: 'install scripts and the size of the core', run: checkDependencies },
    { name: 'pack', about: 'tarballs install in an empty project', run: () => outside.install() },
    { name: 'publint', about: 'the tarballs are well-formed packages', run: () => outside.lint() },
    { name: 'hello', about: "the README's hello runs there", run: () => outside.hello() },
    { name: 'modules', about: 'import and require give the same', run: () => outside.moduleForms() },
    { name: 'outside', about: 'a registry and a codec of strangers pass the suites', run: () => outside.conformance() },
    { name: 'tree', about: 'nothing above changed the working tree', run: () => checkUnchanged(before) },
  ];
  try {
    const selected = selectSteps(steps, args);
    await install();
    return await runSteps(selected);
  } finally {
    outside.remove();
  }
}

async function checkTestTypes() {
  await tool('tsc', '-p', 'tsconfig.test.json');
  await tool('tsc', '-p', 'scripts');
  await tool('tsc', '-p', 'packages/openapi/page');
}

/**
 * @param {string} name
 * @param {readonly string[]} args
 */
async function tool(name, ...args) {
  await captured(join(root, 'node_modules', '.bin', name), args);
}

await command(import.meta.url, check);
