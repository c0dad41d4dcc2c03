import { textCodec } from '@tenon/codec-text';
import { narrowCodecConformance } from '@tenon/conformance';
import type { Codec } from '@tenon/contract';
import { describe, it } from 'vitest';

narrowCodecConformance(
  { describe, it },
  { create: () => ({ codec: (textCodec().create as () => Codec)(), dispose: async () => {} }) },
);
