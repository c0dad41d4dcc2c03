import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { dependencyPlants } from './architecture/dependency-plants.js';
import { rules } from './architecture/house.js';
import { type Allowance, importTimeRules } from './architecture/import-time-rules.js';
import { planted } from './architecture/planted.js';
import { type Project, projectOf, readTree, type Violation } from './architecture/project.js';
import { statementPlants } from './architecture/statement-plants.js';

const plants = [...dependencyPlants, ...statementPlants];
const root = fileURLToPath(new URL('..', import.meta.url));

describe('never in this project', () => {
  const project = projectOf(readTree(root));

  test.each(rules.map((rule) => [rule.name, rule] as const))('%s', (_name, rule) => {
    expect(rule.check(project).map(report).join('\n\n')).toBe('');
  });
});

describe('a planted violation', () => {
  const kept = rules.filter((rule) => !rule.name.startsWith('an allowance'));

  test('the house without one keeps every rule', () => {
    for (const rule of kept) expect(rule.check(planted()).map(report), rule.name).toEqual([]);
  });

  test('there is one for every rule, and no rule that does not exist', () => {
    expect([...new Set(plants.map(({ rule }) => rule))].sort()).toEqual(kept.map(({ name }) => name).sort());
  });

  test.each(plants)('$rule: $reports.0', ({ rule: name, change, reports }) => {
    const project = planted(change);
    const found = kept.map((rule) => [rule.name, rule.check(project).map(inShort)] as const);
    // It is found by its own rule, and by no other.
    expect(found.filter(([, violations]) => violations.length > 0)).toEqual([[name, reports]]);
  });
});

describe('what a module may do at import by name', () => {
  const file = 'packages/core/src/store.ts';
  const work = { file, what: 'a new AsyncLocalStorage', reason: 'holds nothing itself' };
  const used = { [file]: 'export const calls = new AsyncLocalStorage();' };

  test('is allowed in that file only', () => {
    expect(check([], planted(used))).toEqual([`${file}:1 a new AsyncLocalStorage, while the module is loaded`]);
    expect(check([work], planted(used))).toEqual([]);
    expect(check([{ ...work, file: 'packages/core/src/other.ts' }], planted(used))).toContain(
      `${file}:1 a new AsyncLocalStorage, while the module is loaded`,
    );
  });

  test('is not allowed any more once nothing does it', () => {
    expect(check([work], planted())).toEqual([`${file}:1 does not need the allowance for a new AsyncLocalStorage`]);
  });

  function check(allowances: readonly Allowance[], project: Project): readonly string[] {
    return importTimeRules(allowances).flatMap((rule) => rule.check(project).map(inShort));
  }
});

test('a file that does not parse is an error and not a file without violations', () => {
  expect(() => planted({ 'packages/core/src/broken.ts': 'export const = 1;' })).toThrow(/broken\.ts does not parse/);
});

test('the project that is checked is the whole tree', () => {
  const paths = projectOf(readTree(root)).files.map(({ path }) => path);
  for (const path of [
    'packages/contract/src/codec.ts',
    'packages/contract/src/service-error.test.ts',
    'vitest.config.ts',
  ]) {
    expect(paths).toContain(path);
  }
  expect(paths.filter((path) => /(?:^|\/)(?:node_modules|dist)\//.test(path))).toEqual([]);
});

/** `packages/core/src/a.ts:12 reads process.env` and, below, what to do about it. */
function report(violation: Violation): string {
  return `${inShort(violation)}\n  → ${violation.mend}`;
}

function inShort({ file, line, problem }: Violation): string {
  return `${file}:${line} ${problem}`;
}
