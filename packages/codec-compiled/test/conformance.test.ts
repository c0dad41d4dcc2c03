import { codecConformance } from '@tenon/conformance';
import type { Codec } from '@tenon/contract';
import { openSession } from '@tenon/contract/authoring';
import { describe, it } from 'vitest';
import { End, msgpack } from './linked-pair.js';

// What every codec promises, of values without a class: they go plain, behind one byte.
codecConformance(
  { describe, it },
  {
    create: () => ({
      codec: withPlain(new End().codec),
      loneSurrogates: 'replaced',
      nested: (levels) => ['91', '81a161'].map((opening) => nested(Buffer.from(opening, 'hex'), levels)),
      overclaiming: overclaiming.map((hex) => Buffer.from(`00${hex}`, 'hex')),
      dispose: async () => {},
    }),
  },
);

/** The codec together with the one that it is over, as whoever opens sessions puts them together. */
function withPlain(codec: Codec): Codec {
  const { contentType, aliases, capabilities } = codec;
  const open: Codec['open'] = (link) => openSession(codec, [msgpack()], link);
  return { contentType, aliases, capabilities, links: true, open };
}

/** Containers of MessagePack inside each other, around nil. */
function nested(opening: Buffer, levels: number): Buffer {
  return Buffer.concat([Buffer.of(0), Buffer.alloc(opening.length * levels, opening), Buffer.of(0xc0)]);
}

const overclaiming = ['ddffffffff', 'dfffffffff', 'dbffffffff', 'c6ffffffff', 'dcffff', '92', 'a2', 'cf'];
