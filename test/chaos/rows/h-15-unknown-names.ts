import { mib, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { FleetNode } from '../lab/fleet.js';
import { afterwards, growthOf } from '../lab/memory-growth.js';
import { RawPeer } from '../raw/raw-peer.js';
import { nameOf, TenonPeer } from '../raw/tenon-frames.js';

export const unknownNames: Row = {
  id: 'H-15',
  fault: 'calls to 10^5 (long: 10^6) services and endpoints that do not exist, over HTTP/1.1 and tenon/1',
  bar: 'at most 1 label more in each instrument; RSS ≤ +4 MiB',
  quiet: true,

  async run(lab, { isLong }) {
    const flags = ['--max-semi-space-size=1', '--expose-gc'];
    const http = await (await lab.fleet({ wire: 'http/1.1' })).start({ flags });
    const tcp = await (await lab.fleet({ wire: 'tenon/1' })).start({ flags });
    const each = isLong ? 100_000 : 10_000;
    const storms = [await storm(http, each, overHttp), await storm(tcp, each, overTenon)];
    const answered = storms.reduce((sum, one) => sum + one.answered, 0);
    const asked = storms.reduce((sum, one) => sum + one.asked, 0);
    const labels = Math.max(...storms.flatMap((one) => one.moreSeries));
    const grown = Math.max(...storms.map((one) => one.grownBytes));
    return {
      n: asked,
      figure: `RSS +${storms.map((one) => mib(one.grownBytes)).join(' (HTTP), +')} (tenon/1); ${labels} labels more; ${number(answered)} of ${number(asked)} refused`,
      passed: labels <= 1 && grown <= 4 * 1_048_576 && answered === asked,
      notes: storms.map((one) => `instruments: ${JSON.stringify(one.series)}`).join('; '),
    };
  },
};

type Asking = (address: string, from: number, count: number) => Promise<number>;

async function storm(node: FleetNode, count: number, ask: Asking) {
  const seriesBefore = await node.seriesCounts();
  let answered = 0;
  let asked = 0;
  const comparison = {
    // One name, again and again.
    harmless: async () => {
      for (let done = 0; done < count; done += 2_000) await ask(node.address, -1, 2_000);
    },
    attack: async () => {
      for (const end = asked + count; asked < end; asked += 2_000) answered += await ask(node.address, asked, 2_000);
    },
  };
  const [grownBytes = Number.NaN] = await growthOf([node], comparison, afterwards);
  const series = await node.seriesCounts();
  const moreSeries = [0, ...Object.entries(series).map(([name, found]) => found - (seriesBefore[name] ?? 0))];
  return { asked, answered, series, moreSeries, grownBytes };
}

/** Half of them unknown services, half unknown endpoints; each is a name of its own unless `from` is negative. */
function nameAt(from: number, index: number): { readonly service: string; readonly endpoint: string } {
  const n = from < 0 ? 0 : from + index;
  return n % 2 === 0
    ? { service: `stranger-${n}`, endpoint: `Stranger.N${n}` }
    : { service: 'target', endpoint: `Target.N${n}` };
}

async function overHttp(address: string, from: number, count: number): Promise<number> {
  await using peer = await RawPeer.open(address);
  let answered = 0;
  for (let index = 0; index < count; index += 50) {
    const requests = Array.from({ length: Math.min(50, count - index) }, (_, at) => {
      const { service, endpoint } = nameAt(from, index + at);
      return `POST /${service}/${endpoint} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    });
    peer.forget();
    peer.send(requests.join(''));
    const answers = (bytes: Buffer): number => bytes.toString('latin1').split('"executed":"no"').length - 1;
    await peer.until((bytes) => answers(bytes) >= requests.length, 20_000);
    answered += answers(peer.bytes);
  }
  return answered;
}

/** Of a service that is there, names that are not: a connection of tenon/1 is for one service. */
async function overTenon(address: string, from: number, count: number): Promise<number> {
  const tenon = await TenonPeer.greeted(address);
  await using peer = tenon.peer;
  let answered = 0;
  for (let index = 0; index < count; index += 200) {
    const some = Math.min(200, count - index);
    const frames = Array.from({ length: some }, (_, at) => {
      const endpoint = 10 + index + at;
      const name = from < 0 ? 'Target.Stranger' : `Target.N${from + index + at}`;
      return [nameOf(endpoint, 0, name), tenon.call(at, 1 + index / 200, {}, { endpoint })];
    });
    peer.forget();
    peer.send(tenon.bytesOf(...frames.flat()));
    await peer.until(() => tenon.frames.filter(({ type }) => type === 0x15).length >= some, 20_000);
    answered += tenon.frames.filter(({ type }) => type === 0x15).length;
  }
  return answered;
}
