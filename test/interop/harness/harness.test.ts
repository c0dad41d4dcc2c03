import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { aboveBar, belowBar } from './bar.js';
import { casesOfScript } from './cases-of-script.js';
import { chosen, readChoice } from './choice.js';
import { type Installers, Machine } from './machine.js';
import { Meeting } from './meeting.js';
import { Missing } from './missing.js';
import { pinnedModule } from './pinned-module.js';
import { ran, saidBy } from './program.js';
import { type Report, reportOn, totalOf } from './report.js';
import { ServerProgram } from './server-program.js';
import type { FoundStranger } from './stranger.js';
import { lineOf, linesOfCases, tableOf } from './table.js';

const nothing: Installers = {
  debian: async () => {},
  debianPackage: async () => {},
  npm: async () => {},
  go: async () => '/nowhere',
  path: process.env['PATH'] ?? '',
};
const machine = new Machine(nothing);

const stranger = (meet: FoundStranger['meet']): FoundStranger => ({
  name: 'somebody',
  folder: '/',
  direction: 'calls us',
  meet,
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-interop-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('a report on a stranger', () => {
  test('has every case by name, with the reason where it failed', async () => {
    const report = await reportOn(
      stranger(async (meeting) => {
        meeting.version = '1.2';
        await meeting.case('good', () => {});
        await meeting.case('bad', () => {
          throw new Error('no\nreply');
        });
        await meeting.case('gone', () => Promise.reject(new Missing('no TLS here')));
        meeting.note('slow');
      }),
      machine,
    );
    expect(report.cases).toEqual([
      { name: 'good', result: 'passed' },
      { name: 'bad', result: 'failed', reason: 'no\nreply' },
      { name: 'gone', result: 'skipped', reason: 'no TLS here' },
    ]);
    expect(totalOf([report])).toBe('1 passed, 1 failed, 1 skipped');
    expect(linesOfCases(report)).toEqual(['  failed: bad: no\nreply', '  SKIPPED: gone: no TLS here']);
    expect(tableOf([report])).toBe(
      [
        '| stranger | version | direction | cases passed | notes |',
        '| --- | --- | --- | --- | --- |',
        '| somebody | 1.2 | calls us | 1 of 3 | slow; skipped gone: no TLS here |',
        '',
        'Failed:',
        '',
        '- somebody, bad: no reply',
      ].join('\n'),
    );
  });

  test('says why a stranger could not be met, and counts that as one skip', async () => {
    const report = await reportOn(
      stranger((meeting) => meeting.machine.npm(meeting.folder)),
      new Machine({ ...nothing, npm: () => Promise.reject(new Error('npm ci ended with exit code 1\nand more')) }),
    );
    expect(lineOf(report)).toBe('somebody: SKIPPED: npm ci ended with exit code 1 [0 s]');
    expect(totalOf([report])).toBe('0 passed, 0 failed, 1 skipped');
  });

  test('fails where the meeting breaks, is broken off after its first case, or has none', async () => {
    const failures = async (meet: FoundStranger['meet']): Promise<unknown> =>
      (await reportOn(stranger(meet), machine)).cases.filter(({ result }) => result === 'failed');
    const whole = (reason: string): object => ({ name: 'the meeting as a whole', result: 'failed', reason });
    expect(await failures(() => Promise.reject(new Error('it broke')))).toEqual([whole('it broke')]);
    expect(await failures(async () => {})).toEqual([whole('no case was run')]);
    const late = async (meeting: Meeting): Promise<never> => {
      await meeting.case('good', () => {});
      throw new Missing('no more');
    };
    expect(await failures(late)).toEqual([whole('no more')]);
  });

  test('fails a case that does not end in time, and one whose name is there already', async () => {
    const report = await reportOn(
      stranger(async (meeting) => {
        await meeting.case('for ever', () => new Promise(() => {}), 20);
        await meeting.case('for ever', () => {});
      }),
      machine,
    );
    expect(report.cases.map(({ reason }) => reason)).toEqual([
      'did not end within 0.02 s',
      'there are two cases for ever',
    ]);
  });
});

describe('the bar', () => {
  const report = (name: string, passed: number): Report => ({
    name,
    direction: 'vectors',
    version: '1',
    cases: Array.from({ length: passed }, (_none, index) => ({ name: String(index), result: 'passed' as const })),
    notes: [],
    seconds: 1,
  });

  test('names who passed less, and in a whole run also who was not there', () => {
    const bar = { curl: 3, h2spec: 5, gone: 1 };
    const reports = [report('curl', 2), report('h2spec', 5)];
    expect(belowBar(bar, reports, false)).toEqual(['curl: 2 of 3']);
    expect(belowBar(bar, reports, true)).toEqual(['curl: 2 of 3', 'gone: 0 of 1']);
  });

  test('does not take a skipped stranger for a passed one', () => {
    const skipped: Report = { ...report('curl', 0), skipped: 'no curl' };
    expect(belowBar({ curl: 3 }, [skipped], false)).toEqual(['curl: 0 of 3']);
  });

  test('is to be raised by who passes more, or is new', () => {
    expect(aboveBar({ curl: 3 }, [report('curl', 4), report('new', 1), report('same', 0)])).toEqual([
      'curl: 4, not 3',
      'new: 1, not 0',
    ]);
  });
});

describe('which strangers', () => {
  test('are all, or those that are named', () => {
    const all = [{ name: 'curl' }, { name: 'h2spec' }];
    expect(chosen(all, readChoice([]))).toEqual(all);
    expect(chosen(all, readChoice(['--only', 'h2spec']))).toEqual([{ name: 'h2spec' }]);
    expect(chosen(all, readChoice(['--only=h2spec,curl']))).toEqual(all);
  });

  test('are no unknown ones', () => {
    expect(() => chosen([{ name: 'curl' }], ['wget'])).toThrow('no stranger wget; there are curl');
    expect(() => readChoice(['--lonly', 'curl'])).toThrow('Usage: npm run interop');
    expect(() => readChoice(['--only'])).toThrow('Usage: npm run interop');
  });
});

describe('a program', () => {
  test('is run to its end, with its input', async () => {
    const script = 'process.stdin.pipe(process.stdout); console.error("oh"); process.exitCode = 3';
    const ended = await ran(process.execPath, ['-e', script], { input: 'hello' });
    expect(ended).toEqual({ code: 3, said: 'hello', complained: 'oh\n' });
    await expect(saidBy(process.execPath, ['-e', script])).rejects.toThrow('ended with 3: oh');
  });

  test('is ended where it takes too long', async () => {
    const ending = ran(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { limitMs: 200 });
    await expect(ending).rejects.toThrow('did not end within 0.2 s');
  });

  test('that serves is there until it is left, and its end before it serves is told', async () => {
    const script = 'console.log("serving"); setInterval(() => {}, 1000)';
    const server = await ServerProgram.started(process.execPath, ['-e', script], (said) => said.includes('serving'));
    await server[Symbol.asyncDispose]();
    const early = ServerProgram.started(process.execPath, ['-e', 'console.log("no")'], () => false);
    await expect(early).rejects.toThrow(/ended with 0: no/);
  });
});

describe('cases of a script', () => {
  const cases = fileURLToPath(new URL('cases.mjs', import.meta.url));
  const run = async (script: string): Promise<Meeting> => {
    const meeting = new Meeting(
      machine,
      folderWith({ 'client.mjs': `import { runCases } from '${cases}';\n${script}` }),
    );
    await casesOfScript(meeting, 'client.mjs', ['x']).catch((thrown: Error) => meeting.note(thrown.message));
    return meeting;
  };

  test('are told one by one, with the version', async () => {
    const {
      version,
      cases: told,
      notes,
    } = await run("await runCases('1.0', { good() {}, bad() { throw new Error('no ' + process.argv[2]); } });");
    expect([version, told, notes]).toEqual([
      '1.0',
      [
        { name: 'good', result: 'passed' },
        { name: 'bad', result: 'failed', reason: 'no x' },
      ],
      [],
    ]);
  });

  test('are not whole where it ends early', async () => {
    const { cases: told, notes } = await run("await runCases('1.0', { good() {}, end() { process.exit(0); } });");
    expect(told).toEqual([{ name: 'good', result: 'passed' }]);
    expect(notes).toEqual(['client.mjs ended with 0: ']);
  });
});

test('a pinned module is read from go.mod', () => {
  const folder = folderWith({
    'go.mod': 'module a\n\nrequire a.b/c v1.2.3+incompatible\n\nrequire (\n\ta.b/d v0.1.0 // indirect\n)\n',
  });
  expect(pinnedModule(folder, 'a.b/c')).toBe('v1.2.3+incompatible');
  expect(pinnedModule(folder, 'a.b/d')).toBe('v0.1.0');
  expect(() => pinnedModule(folder, 'a.b')).toThrow('does not pin a.b');
});

test('the kind of a machine says what it can install', () => {
  const bare = new Machine({ ...nothing, path: '/nowhere' });
  expect(bare.kind).toBe(process.platform);
});
