import { testedRow } from '../harness/tested-row.js';

export const malformedPaths = testedRow({
  id: 'T-17',
  fault: 'paths without a leading slash, with two, with %2f, ;, a query, dots, another case, a prototype',
  bar: 'one name for routing and for whoever authorizes, or refused',
  covers: 'HTTP/1.1, HTTP/2 and gRPC; a name has one spelling wherever it is looked at',
  tests: [
    {
      file: 'packages/transport-http/test/hostile.test.ts',
      titles: ['path …', 'percent-encoding is undone exactly once, so that a name has one spelling'],
    },
    { file: 'packages/transport-grpc/test/hostile-callers.test.ts', titles: ['a path with …'] },
    {
      file: 'packages/transport-grpc/src/server/paths.test.ts',
      titles: ['where two services have an endpoint of one name, a package that is neither does not choose'],
    },
  ],
});
