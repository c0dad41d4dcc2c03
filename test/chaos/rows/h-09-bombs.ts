import { once } from 'node:events';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { mib, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { growthOf, peak } from '../lab/memory-growth.js';

export const bombs: Row = {
  id: 'H-09',
  fault: 'gzip and deflate that inflate to 256 MiB, and encodings in encodings',
  bar: 'inflating stops at the message limit: RSS ≤ limit (4 MiB) + 8 MiB; one encoding layer at most',
  tests: [
    {
      file: 'packages/transport-grpc/src/wire/encodings.test.ts',
      titles: ['a bomb of …', 'two layers are not undone'],
    },
    { file: 'packages/transport-grpc/test/hostile-callers.test.ts', titles: ['a bomb', 'two layers of gzip'] },
    {
      file: 'packages/transport-http/test/people.test.ts',
      titles: ['a compressed body is refused before the handler'],
    },
  ],

  async run(lab, { tested }) {
    const tests = await tested();
    const node = await (await lab.fleet({ wire: 'grpc' })).start({ flags: ['--max-semi-space-size=1'] });
    const bomb = gzipSync(Buffer.alloc(256 * 1_048_576));
    const plain = gzipSync(Buffer.from('{"id":"small"}'));
    let [n, refused] = [0, 0];
    const [grown = Number.NaN] = await growthOf(
      [node],
      {
        harmless: async () => {
          for (let time = 0; time < rounds; time += 1) await statusOf(node.address, plain);
        },
        attack: async () => {
          for (let time = 0; time < rounds; time += 1) {
            n += 1;
            if ((await statusOf(node.address, bomb)) === resourceExhausted) refused += 1;
          }
        },
      },
      peak,
    );
    return {
      n,
      figure: `${number(refused)} of ${number(n)} refused as too large; peak RSS +${mib(Math.max(0, grown))}; and ${tests} tests`,
      passed: refused === n && grown <= 12 * 1_048_576,
      notes: `a bomb of ${number(bomb.length)} bytes; HTTP bodies are refused compressed`,
    };
  },
};

const rounds = 10;
const resourceExhausted = '8';

/** What the trailers of a call say whose message is compressed. */
async function statusOf(address: string, compressed: Buffer): Promise<string | undefined> {
  const session = connect(`http://${address}`);
  session.on('error', () => {});
  const stream = session.request({
    ':method': 'POST',
    ':path': '/target.Target/Work',
    'content-type': 'application/grpc+json',
    'grpc-encoding': 'gzip',
    te: 'trailers',
  });
  let status: string | undefined;
  const heard = (fields: IncomingHttpHeaders): void => {
    status ??= fields['grpc-status'] as string | undefined;
  };
  stream.on('response', heard);
  stream.on('trailers', heard);
  stream.on('error', () => {});
  stream.resume();
  const head = Buffer.alloc(5);
  head[0] = 1;
  head.writeUInt32BE(compressed.length, 1);
  stream.end(Buffer.concat([head, compressed]));
  await once(stream, 'close');
  session.destroy();
  return status;
}
