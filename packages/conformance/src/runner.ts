/**
 * What a suite needs of a test runner: `vitest`, `node:test`, mocha and jest fit as they are.
 *
 * @example
 * import { describe, it } from 'node:test';
 * registryConformance({ describe, it }, fixtures);
 */
export interface Runner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void> | void): void;
}
