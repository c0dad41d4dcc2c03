import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { msgpackCodec } from 'tenon';
import { bareHttp2 } from '../../harness/bare-http2.js';
import { Missing } from '../../harness/missing.js';
import { saidBy } from '../../harness/program.js';
import type { Stranger } from '../../harness/stranger.js';
import { certificate, served } from '../../tenon/served.js';
import { answersTo } from './answer.js';
import { curlCases, reuse } from './cases.js';

/** People and scripts: JSON over HTTP/1.1 and HTTP/2, in the clear and under TLS. */
export const curl: Stranger = {
  direction: 'calls us',
  async meet(meeting) {
    const program = await meeting.machine.program('curl', 'curl');
    meeting.version = (await saidBy(program, ['--version'])).split(' ')[1] ?? '';
    const { cert, key, ca } = certificate();
    await using clear = await served({ modules: [msgpackCodec()] });
    await using secret = await served({ modules: [msgpackCodec()], tls: { cert, key } });
    const [inTheClear, underTls] = [`http://127.0.0.1:${clear.port}`, `https://127.0.0.1:${secret.port}`];
    const ways = [
      { way: 'HTTP/1.1', version: '1.1', url: inTheClear, args: ['--http1.1'] },
      { way: cleartext, version: '2', url: inTheClear, args: ['--http2-prior-knowledge'] },
      { way: 'HTTP/1.1 under TLS', version: '1.1', url: underTls, args: ['--http1.1'] },
      { way: 'HTTP/2 under TLS', version: '2', url: underTls, args: ['--http2'] },
    ];
    for (const { way, version, url, args } of ways) {
      const base = [...args, '--cacert', fileURLToPath(ca)];
      for (const [name, run] of Object.entries(curlCases)) {
        await meeting.case(`${way}: ${name}`, async () => {
          if (name === reuse && way === cleartext) await refuseWhereCurlCannot(program, args);
          await run(async (path, asking) => {
            const answers = await answersTo(program, base, `${url}${path}`, asking);
            for (const answer of answers) assert.equal(answer.version, version);
            return answers;
          });
        });
      }
    }
  },
};

const cleartext = 'HTTP/2 in the clear';

/** Some versions of curl break off the second call on a connection whose HTTP/2 is by prior knowledge, whoever serves it. */
async function refuseWhereCurlCannot(program: string, args: readonly string[]): Promise<void> {
  await using bare = await bareHttp2('at the end');
  try {
    await answersTo(program, args, `http://127.0.0.1:${bare.port}/`, { times: 2 });
  } catch {
    throw new Missing('this curl breaks off the second call with bare node:http2 too');
  }
}
