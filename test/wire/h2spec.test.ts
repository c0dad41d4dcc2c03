import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApp, Endpoint, httpTransport, Service, tcpTransport } from 'tenon';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../documentation/page.js';
import { bareHttp2, type Moment } from './h2spec/bare-http2.js';
import {
  buildH2spec,
  type H2spec,
  type Outcome,
  type Outcomes,
  outcomesIn,
  runH2spec,
  type Target,
} from './h2spec/h2spec.js';

// HTTP/2 as strangers read it: of h2spec's cases none may fail on an app's shared port that bare node:http2 passes. Some fail
// on both, because nghttp2 answers late or leniently.

const pem = (name: string): string => readFileSync(join(root, 'packages', 'core', 'test', 'tls', name), 'utf8');
type Secret = { readonly cert: string; readonly key: string } | undefined;
const certificate: Secret = { cert: pem('server.pem'), key: pem('server-key.pem') };

@Service('greeter')
class Greeter {
  @Endpoint({ idempotent: true })
  hello(): { readonly greeting: string } {
    return { greeting: 'hello' };
  }
}

describe('h2spec', () => {
  let h2spec: H2spec;
  beforeAll(async () => {
    h2spec = await buildH2spec();
  }, 240_000);

  test.for([
    ['in the clear, by the preface', undefined],
    ['under TLS, by ALPN', certificate],
  ] as const)(
    'finds no fault in the shared port %s that bare Node has not',
    {
      timeout: 600_000,
    },
    async ([, secret], { skip }) => {
      if ('missing' in h2spec) return skip(h2spec.missing);
      const { program } = h2spec;
      const ours = await sharedPort(secret);
      // When to answer is the handler's choice, so what Node does right only at one moment is no fault at the other.
      const theirs = await Promise.all(moments.map((moment) => bareHttp2(moment, secret)));
      try {
        let suspects: readonly string[] | undefined;
        // Some cases are a race between two frames. What is a fault of ours fails each time, and never on bare Node.
        for (let time = 0; time < 4 && suspects?.length !== 0; time += 1) {
          const sections = suspects === undefined ? [undefined] : sectionsOf(suspects);
          const found = await outcomesOf(program, ours.target, sections);
          const bare = await Promise.all(theirs.map(({ target }) => outcomesOf(program, target, sections)));
          if (suspects === undefined) {
            expect(found.size).toBeGreaterThan(140);
            for (const outcomes of bare) expect([...outcomes.keys()]).toEqual([...found.keys()]);
          }
          suspects = [...found.keys()].filter(
            (name) =>
              found.get(name) === 'failed' &&
              bare.every((outcomes) => outcomes.get(name) === 'passed') &&
              suspects?.includes(name) !== false &&
              !isByDesign(name, secret),
          );
        }
        expect(suspects).toEqual(knownFaults);
      } finally {
        await Promise.all([ours, ...theirs].map(({ close }) => close()));
      }
    },
  );
});

test('a report is read by section, title and outcome', () => {
  const report = `<testsuite name="3.1. DATA" tests="3">
    <testcase package="generic/3.1" classname="Sends a DATA frame" time="0.0010"></testcase>
    <testcase package="http2/5.1" classname="idle: Sends &#34;it&#34;" time="1.0"><failure>Timeout</failure></testcase>
    <testcase package="http2/6.9" classname="Sends more" time="0"><skipped></skipped></testcase>
  </testsuite>`;
  expect([...outcomesIn(report)]).toEqual([
    ['generic/3.1 Sends a DATA frame', 'passed'],
    ['http2/5.1 idle: Sends &#34;it&#34;', 'failed'],
    ['http2/6.9 Sends more', 'skipped'],
  ]);
});

/** An app with both wires that share a port, at the path of an endpoint. */
async function sharedPort(secret: Secret) {
  const app = await createApp({
    profile: 'test',
    services: [Greeter],
    modules: [tcpTransport(), httpTransport()],
    log: { level: 'error' },
    ...(secret === undefined ? {} : { tls: secret }),
  });
  await app.start();
  const port = Number(app.describe().address?.listen.split(':').at(-1));
  const target: Target = { port, tls: secret !== undefined, path: '/greeter/Greeter.Hello' };
  return { target, close: () => app.close() };
}

/** What is not mended yet; each breaks the build on the day it is. */
const knownFaults: readonly string[] = [];

const moments: readonly Moment[] = ['at once', 'at the end'];

/** @param sections - undefined: all of them. */
async function outcomesOf(
  program: string,
  target: Target,
  sections: readonly (string | undefined)[],
): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>();
  for (const section of sections) {
    for (const [name, outcome] of await runH2spec(program, target, section)) outcomes.set(name, outcome);
  }
  return outcomes;
}

/** A shared port takes what is no preface for HTTP/1.1, and says so in it before it ends the connection. */
function isByDesign(name: string, secret: Secret): boolean {
  return secret === undefined && name === 'http2/3.5 Sends invalid connection preface';
}

function sectionsOf(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => name.slice(0, name.indexOf(' '))))];
}
