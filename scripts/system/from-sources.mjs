/**
 * Node's arguments for running TypeScript of this repository as it stands, packages included, with decorator metadata. The
 * condition makes each package's `exports` name its sources.
 */
export const fromSources = Object.freeze(['--import', '@oxc-node/core/register', '-C', '@tenon/source']);
