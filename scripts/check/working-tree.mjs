import { captured } from '../system/run.mjs';
import { Skipped } from './steps.mjs';

/**
 * What git would show as changed, to compare later: a check that writes into the working tree is a fault of the check, and
 * a generated file that differs from what was committed is a fault of the commit.
 *
 * @returns {Promise<string | undefined>} nothing where there is no git or no repository
 */
export async function workingTree() {
  try {
    const status = await captured('git', ['status', '--porcelain', '--untracked-files=all']);
    return `${status}${await captured('git', ['diff', 'HEAD'])}`;
  } catch {
    return undefined;
  }
}

/**
 * @param {string | undefined} before
 * @throws {Error} with what git shows now, when it is not what it showed before
 */
export async function checkUnchanged(before) {
  const after = await workingTree();
  if (before === undefined || after === undefined) throw new Skipped('git or its repository is not here');
  if (before !== after) throw new Error(`The check changed the working tree:\n${after}`);
}
