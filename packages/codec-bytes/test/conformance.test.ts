import { bytesCodec } from '@tenon/codec-bytes';
import { narrowCodecConformance } from '@tenon/conformance';
import type { Codec } from '@tenon/contract';
import { describe, it } from 'vitest';

narrowCodecConformance(
  { describe, it },
  { create: () => ({ codec: (bytesCodec().create as () => Codec)(), dispose: async () => {} }) },
);
