/** Node's arguments for running TypeScript of this repository as it stands; the same as of `npm start`. */
export const fromSources: readonly string[] = ['--import', '@oxc-node/core/register', '-C', '@tenon/source'];
