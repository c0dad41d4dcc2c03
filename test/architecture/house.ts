import { cycleRules } from './cycle-rules.js';
import { dependencyRules } from './dependency-rules.js';
import { type Allowance, importTimeRules } from './import-time-rules.js';
import { languageRules } from './language-rules.js';
import type { Rule } from './project.js';
import { workspaceRules } from './workspace-rules.js';

/** What modules of this house do at import although it is work or state, each with the reason. */
const allowances: readonly Allowance[] = [
  {
    file: 'packages/core/src/context/call-context.ts',
    what: 'a new AsyncLocalStorage',
    reason: 'holds nothing itself: each call brings its own context, whichever app serves it',
  },
  {
    file: 'packages/tenon/src/metadata.ts',
    what: 'an import for its effect',
    reason:
      'reflect-metadata adds its functions to Reflect; decorators run when their classes are loaded and need them',
  },
  {
    file: 'packages/schema/src/rules/library-rules.ts',
    what: 'a call of byLibrary',
    reason: 'puts a function around a function: a constant table that would else repeat it fifty times',
  },
];

/** Every never-rule of the design (docs/architecture.md), by name. */
export const rules: readonly Rule[] = [
  ...dependencyRules,
  ...cycleRules,
  ...importTimeRules(allowances),
  ...languageRules,
  ...workspaceRules,
];
