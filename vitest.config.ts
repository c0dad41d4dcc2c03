import { defineConfig } from 'vitest/config';

// `ssr.resolve.conditions` is the one that vitest's Node environment reads; the condition makes tests run the sources.
const conditions = ['@tenon/source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  // Said here too, because the packages' tsconfig files leave tests out and are then not asked.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  // Without `import` for externals: a dependency that is required must be its CommonJS form.
  ssr: { resolve: { conditions, externalConditions: ['@tenon/source', 'node', 'module-sync'] } },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most tests wait for servers and clocks: one process for each processor but one, which is the default, leaves two processors idle.
    maxWorkers: 3,
  },
});
