export type { SelectorFixture } from './fixture.js';
export { selectorCases, selectorConformance } from './selector-conformance.js';
