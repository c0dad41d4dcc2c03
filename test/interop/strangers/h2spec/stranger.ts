import { bareHttp2, type Moment } from '../../harness/bare-http2.js';
import type { Meeting } from '../../harness/meeting.js';
import { pinnedModule } from '../../harness/pinned-module.js';
import type { Stranger } from '../../harness/stranger.js';
import { certificate, served } from '../../tenon/served.js';
import { type Outcome, type Outcomes, runH2spec, type Target } from './suite.js';

/**
 * HTTP/2 as strangers read it: a case passes where an app's shared port does as h2spec wants, or where bare node:http2 does not either.
 * Some fail on both, because nghttp2 answers late or leniently.
 */
export const h2spec: Stranger = {
  direction: 'calls us',
  async meet(meeting) {
    const program = await meeting.machine.go(meeting.folder, 'github.com/summerwind/h2spec/cmd/h2spec');
    meeting.version = pinnedModule(meeting.folder, 'github.com/summerwind/h2spec');
    await compare(meeting, program, 'in the clear', undefined);
    const { cert, key } = certificate();
    await compare(meeting, program, 'under TLS', { cert, key });
  },
};

type Secret = { readonly cert: string; readonly key: string } | undefined;

async function compare(meeting: Meeting, program: string, way: string, secret: Secret): Promise<void> {
  await using app = await served(secret === undefined ? {} : { tls: secret });
  const ours: Target = { port: app.port, tls: secret !== undefined, path: '/greeter/Greeter.Hello' };
  // When to answer is the handler's choice, so what Node does right only at one moment is no fault at the other.
  const bareServers = await Promise.all(moments.map((moment) => bareHttp2(moment, secret)));
  const theirs = bareServers.map(({ port }): Target => ({ port, tls: secret !== undefined }));
  try {
    const found = await runH2spec(program, ours);
    const bare: Outcomes[] = [];
    for (const target of theirs) bare.push(await runH2spec(program, target));
    if (found.size < leastCases) throw new Error(`h2spec told of ${found.size} cases only`);
    const isWorse = (name: string, of: Outcomes, than: readonly Outcomes[]): boolean =>
      of.get(name) === 'failed' && than.every((outcomes) => outcomes.get(name) === 'passed');
    let suspects = [...found.keys()].filter((name) => isWorse(name, found, bare));
    // Some cases are a race between two frames. What is a fault of ours fails each time, and never on bare Node.
    for (let time = 1; time < 4 && suspects.length > 0; time += 1) {
      const again = await outcomesOf(program, ours, suspects);
      const bareAgain: Outcomes[] = [];
      for (const target of theirs) bareAgain.push(await outcomesOf(program, target, suspects));
      suspects = suspects.filter((name) => isWorse(name, again, bareAgain));
    }
    for (const [name, outcome] of found) record(meeting, way, name, outcome, suspects.includes(name));
    const passed = [found, ...bare].map((outcomes) => [...outcomes.values()].filter((one) => one === 'passed').length);
    meeting.note(
      `${way} h2spec itself passes ${passed[0]} of ${found.size}, of bare Node ${passed.slice(1).join(' or ')}`,
    );
  } finally {
    for (const server of bareServers) await server[Symbol.asyncDispose]();
  }
}

function record(meeting: Meeting, way: string, title: string, outcome: Outcome, isWorse: boolean): void {
  const name = `${way}: ${title}`;
  if (outcome === 'skipped') meeting.record({ name, result: 'skipped', reason: 'h2spec leaves it out' });
  else if (way === 'in the clear' && title === invalidPreface)
    meeting.record({ name, result: 'skipped', reason: byDesign });
  else if (isWorse) meeting.record({ name, result: 'failed', reason: 'bare node:http2 passes it each time' });
  else meeting.record({ name, result: 'passed' });
}

/** Of the sections that some cases are in. */
async function outcomesOf(program: string, target: Target, names: readonly string[]): Promise<Outcomes> {
  const sections = [...new Set(names.map((name) => name.slice(0, name.indexOf(' '))))];
  const outcomes = new Map<string, Outcome>();
  for (const section of sections) {
    for (const [name, outcome] of await runH2spec(program, target, section)) outcomes.set(name, outcome);
  }
  return outcomes;
}

const moments: readonly Moment[] = ['at once', 'at the end'];
const leastCases = 140;
const invalidPreface = 'http2/3.5 Sends invalid connection preface';
const byDesign = 'a shared port takes what is no preface for HTTP/1.1, and says so in it before it ends the connection';
