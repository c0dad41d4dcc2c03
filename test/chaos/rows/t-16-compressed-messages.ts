import { testedRow } from '../harness/tested-row.js';

export const compressedMessages = testedRow({
  id: 'T-16',
  fault:
    'compressed messages of gRPC that cannot be read: cut short, not compressed at all, of another or an unknown encoding',
  bar: 'an error of that call alone, at both sides; the others of its connection go on',
  covers: 'requests and replies, unary and in streams',
  tests: [
    {
      file: 'packages/transport-grpc/test/hostile-callers.test.ts',
      titles: [
        'a compressed message without an encoding',
        'a message that is not gzip',
        'gzip that is cut short',
        'two layers of gzip',
        'an encoding that nobody knows',
      ],
    },
    {
      file: 'packages/transport-grpc/test/hostile-servers.test.ts',
      titles: ['is compressed as nobody asked', 'inflates to more than may be sent'],
    },
    {
      file: 'packages/transport-grpc/src/wire/encodings.test.ts',
      titles: [
        'bytes that are not compressed is Internal',
        'a part is Internal',
        'nothing is Internal',
        'the other encoding is Internal',
        'a message without an encoding is Internal',
        'an encoding that is not known is Unimplemented, and the known ones are named',
      ],
    },
  ],
});
