import { expect, test } from 'vitest';
import { SharedServers } from '../lab/shared-servers.js';
import { wires } from '../lab/wire.js';
import { type Cell, runCell, runGroup } from './cell.js';
import { isWhole, readChoice } from './choice.js';
import { counted, failuresOf, shareOf } from './figures.js';
import { missingOf, mustPass } from './must-pass.js';
import { NotApplicable } from './not-applicable.js';
import { planOf } from './plan.js';
import { type Outcome, type Row, VoidRun } from './row.js';
import { withSecondTry } from './second-try.js';
import { tableOf, totalOf } from './table.js';
import { countPassed, TestRun } from './test-run.js';

const good: Outcome = { n: 60_000, figure: '0 of 60,000', passed: true };
const row = (id: string, more: Partial<Row> = {}): Row => ({
  id,
  fault: 'a fault',
  bar: '0 failed',
  run: async () => good,
  ...more,
});

function parts() {
  const notes: string[] = [];
  const servers = new SharedServers(async () => {});
  const tests = new TestRun([]);
  return { notes, parts: { servers, tests, isLong: false, note: (text: string) => void notes.push(text) } };
}

test('a cell passes or fails as its row says, and fails with what the row throws', async () => {
  const { parts: run } = parts();
  expect(await runCell({ row: row('N-02'), wire: 'memory' }, run)).toMatchObject({ result: 'passed', outcome: good });
  const bad = row('N-02', { run: async () => ({ ...good, passed: false }) });
  expect(await runCell({ row: bad, wire: 'memory' }, run)).toMatchObject({ result: 'failed' });
  const thrower = row('N-02', { run: () => Promise.reject(new Error('no such wire')) });
  const failed = await runCell({ row: thrower, wire: 'memory' }, run);
  expect(failed).toMatchObject({ result: 'failed', outcome: { figure: 'Error: no such wire', passed: false } });
});

test('a wire to which a row does not apply is skipped with its reason, and the row does not run', async () => {
  const never = row('N-06', { notApplicable: { memory: 'no sockets' }, run: () => Promise.reject(new Error('ran')) });
  const cell = await runCell({ row: never, wire: 'memory' }, parts().parts);
  expect(cell).toMatchObject({ result: 'skipped', outcome: { figure: 'no sockets' } });
});

test('a void run is repeated twice, and then counts as failed', async () => {
  let runs = 0;
  const sometimes = (voids: number): Row =>
    row('N-01', {
      run: async () => {
        runs += 1;
        if (runs <= voids) throw new VoidRun('too late');
        return good;
      },
    });
  expect(await runCell({ row: sometimes(2), wire: 'memory' }, parts().parts)).toMatchObject({
    result: 'passed',
    voidRuns: 2,
  });
  runs = 0;
  const { notes, parts: run } = parts();
  const cell = await runCell({ row: sometimes(9), wire: 'memory' }, run);
  expect(cell).toMatchObject({ result: 'failed', voidRuns: 3, outcome: { figure: 'void three times: too late' } });
  expect([runs, notes.length]).toEqual([3, 3]);
});

test('a cell that failed runs once more, and what was found the first time stays beside it', async () => {
  const cell = (id: string, result: Cell['result'], figure: string): Cell => {
    return { row: row(id), wire: 'memory', result, outcome: { ...good, figure }, voidRuns: 0, seconds: 1 };
  };
  const asked: string[] = [];
  const found = await withSecondTry(
    [cell('N-01', 'passed', 'a'), cell('N-02', 'failed', 'b'), cell('N-03', 'failed', 'c')],
    async ({ row: { id } }) => {
      asked.push(id);
      return cell(id, id === 'N-02' ? 'passed' : 'failed', 'again');
    },
  );
  expect(asked).toEqual(['N-02', 'N-03']);
  const table = tableOf(found);
  expect(table).toMatch(/N-01 .*\| passed \|/);
  expect(table).toMatch(/N-02 .*\| passed the second time \|/);
  expect(table).toMatch(/N-03 .*\| failed twice \|/);
  expect(table).toContain('- N-02 over memory, the first time: b');
  expect(totalOf(found)).toBe('2 passed, 1 failed, 0 skipped');
});

test('what a row took is given back, in reverse, however it ends', async () => {
  const order: string[] = [];
  const taker = row('N-01', {
    run: async (lab) => {
      lab.atEnd(() => order.push('first'));
      lab.atEnd(() => order.push('second'));
      throw new Error('over');
    },
  });
  await runCell({ row: taker, wire: 'memory' }, parts().parts);
  expect(order).toEqual(['second', 'first']);
});

test('rows over each wire make a cell each, one after another, or two fleets side by side', () => {
  const rows = [
    row('N-01', { transports: 'each' }),
    row('R-01'),
    row('T-01', { transports: 'each', together: 'pairs' }),
  ];
  const groups = planOf(rows, readChoice([]));
  expect(groups.map((group) => group.length)).toEqual([...wires.map(() => 1), 1, 2, wires.length - 2]);
  expect(groups.at(-2)?.map(({ wire }) => wire)).toEqual(['tenon/1', 'http/1.1']);
  const some = planOf(rows, readChoice(['--only', 'n-01,R-01', '--wires=memory']));
  expect(some.flat().map(({ row: { id }, wire }) => [id, wire])).toEqual([
    ['N-01', 'memory'],
    ['R-01', undefined],
  ]);
  const further = planOf(rows, readChoice(['--only', 'N-01', '--wires', 'grpc']));
  expect(further.flat().map(({ wire }) => wire)).toEqual(['grpc']);
  expect(() => planOf(rows, readChoice(['--only', 'N-99']))).toThrow(/no row N-99; there are N-01, R-01, T-01/);
});

test('rows that only count run over all wires at once', () => {
  const groups = planOf([row('N-05', { transports: 'each', together: 'all' }), row('N-06')], readChoice([]));
  expect(groups.map((group) => [group[0]?.row.id, group.length])).toEqual([
    ['N-05', wires.length],
    ['N-06', 1],
  ]);
});

test('quiet rows are one group, before the others', () => {
  const quiet = ['T-02', 'T-03', 'T-04', 'T-05', 'T-06'].map((id) => row(id, { quiet: true }));
  const groups = planOf([row('R-01'), ...quiet], readChoice([]));
  expect(groups.map((group) => group.map(({ row: { id } }) => id))).toEqual([
    ['T-02', 'T-03', 'T-04', 'T-05', 'T-06'],
    ['R-01'],
  ]);
});

test('an option that does not exist is named', () => {
  expect(() => readChoice(['--ony', 'N-01'])).toThrow(/no option --ony/);
  expect(() => readChoice(['--wires', 'udp'])).toThrow(/no wire udp/);
  expect(() => readChoice(['--only'])).toThrow(/wants a list/);
  expect(readChoice(['--long'])).toEqual({ isLong: true, peers: false });
});

test('what must pass is missing until it has: rows of nodes over every wire', () => {
  const cell = (id: string, result: Cell['result'], wire?: Cell['wire']): Cell => {
    return { row: row(id), wire, result, outcome: good, voidRuns: 0, seconds: 1 };
  };
  expect(missingOf([])).toEqual(mustPass);
  const nodes = wires.map((wire) => cell('N-02', wire === 'http/1.1' ? 'failed' : 'passed', wire));
  const missing = missingOf([...nodes, cell('R-01', 'passed'), cell('R-02', 'failed')]);
  expect(missing).toContain('N-02 over http/1.1');
  expect(missing).toContain('R-02');
  expect(missing).not.toContain('R-01');
  expect(missing).not.toContain('N-02 over tenon/1');
  expect(missing).toContain('N-01');
});

test('the table shows every cell in one line, the total counts them', () => {
  const cells: Cell[] = [
    {
      row: row('N-02'),
      wire: 'tenon/1',
      result: 'passed',
      outcome: { ...good, notes: 'two\nlines' },
      voidRuns: 1,
      seconds: 1,
    },
    {
      row: row('N-06'),
      wire: 'memory',
      result: 'skipped',
      outcome: { n: 0, figure: 'no | sockets', passed: false },
      voidRuns: 0,
      seconds: 0,
    },
  ];
  expect(tableOf(cells).split('\n')).toEqual([
    '| ID | wire | fault | N | figure | bar | result |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    '| N-02 | tenon/1 | a fault | 60,000 | 0 of 60,000 (after 1 void) | 0 failed | passed |',
    '| N-06 | memory | a fault |  | no \\| sockets | 0 failed | skipped |',
    '',
    '- N-02 over tenon/1: two lines',
  ]);
  expect(totalOf(cells)).toBe('1 passed, 0 failed, 1 skipped');
});

test('none of n is stated with its bound, and failures with what they said', () => {
  expect(shareOf(0, 60_000)).toBe('0 of 60,000 (95 %: < 0.005 %)');
  expect(shareOf(12, 60_000)).toBe('12 of 60,000 (0.02 %)');
  const group = {
    code: 'Unavailable',
    executed: 'maybe',
    count: 7,
    calls: [],
    samples: ['gone'],
    firstAtMs: 1_000,
    lastAtMs: 2_000.4,
    slowestMs: 3,
  };
  expect(failuresOf([group])).toBe('7 × Unavailable (executed: maybe), from 1,000 to 2,000 ms: gone');
});

test('cells that run side by side wait for each other, but not for one that has failed before', async () => {
  const began: string[] = [];
  let openSlow: () => void = () => {};
  const slow = new Promise<void>((resolve) => {
    openSlow = resolve;
  });
  const cells = ['slow', 'quick', 'failed'].map((name) => ({
    wire: undefined,
    row: row(`N-${name}`, {
      run: async (_lab, { ready }) => {
        if (name === 'failed') throw new Error('did not start');
        if (name === 'slow') await slow;
        await ready();
        began.push(name);
        return good;
      },
    }),
  }));
  const running = runGroup(cells, parts().parts);
  await new Promise((resolve) => setImmediate(resolve));
  expect(began).toEqual([]);
  openSlow();
  expect((await running).map(({ result }) => result)).toEqual(['passed', 'passed', 'failed']);
  expect(began.toSorted()).toEqual(['quick', 'slow']);
});

test('of quiet rows four run at a time, and the next begins as soon as one has ended', async () => {
  const ends: (() => void)[] = [];
  const cells = Array.from({ length: 6 }, (_, index) => ({
    wire: undefined,
    row: row(`T-0${index}`, {
      quiet: true,
      run: async () => {
        await new Promise<void>((resolve) => ends.push(resolve));
        return good;
      },
    }),
  }));
  const running = runGroup(cells, parts().parts);
  await turn();
  expect(ends.length).toBe(4);
  ends[2]?.();
  await turn();
  expect(ends.length).toBe(5);
  ends[4]?.();
  await turn();
  for (const end of ends) end();
  expect((await running).map(({ row: { id } }) => id)).toEqual(cells.map(({ row: { id } }) => id));
});

test('a load that was itself too late makes the run void', () => {
  expect(() => counted({ voidBecause: 'too late' } as never)).toThrow(VoidRun);
});

test('a row that rests on tests fails where one is missing, did not run or failed', () => {
  const file = 'packages/x/test/hostile.test.ts';
  const reported = (status: string) => new Map([[file, [{ title: 'a bomb of 1 MiB', status }]]]);
  expect(countPassed([{ file, titles: ['a bomb of 1 MiB'] }], reported('passed'))).toBe(1);
  expect(countPassed([{ file, titles: ['a bomb…'] }], reported('passed'))).toBe(1);
  expect(() => countPassed([{ file, titles: ['a bomb'] }], reported('passed'))).toThrow(/has no test "a bomb"/);
  expect(() => countPassed([{ file: 'x', titles: ['a bomb…'] }], reported('passed'))).toThrow(/x has no test/);
  for (const status of ['failed', 'skipped'])
    expect(() => countPassed([{ file, titles: ['a bomb…'] }], reported(status))).toThrow(`1 MiB: ${status}`);
});

test('a row that does not apply to the registry of its cell is skipped with the reason, and both stand in the table', async () => {
  const never = row('R-01', { run: () => Promise.reject(new NotApplicable('nothing to kill: no server')) });
  const cell = await runCell({ row: never, wire: undefined, registry: 'mdns' }, parts().parts);
  expect(cell).toMatchObject({
    registry: 'mdns',
    result: 'skipped',
    outcome: { figure: 'nothing to kill: no server' },
  });
  expect(tableOf([cell])).toContain('| R-01 | mdns | a fault |  | nothing to kill: no server |');
});

test('registries are chosen by name, and such a run stands for no whole one', () => {
  const choice = readChoice(['--only', 'r-01', '--registries', 'consul,nats']);
  expect(choice).toMatchObject({ only: ['R-01'], registries: ['consul', 'nats'] });
  expect(isWhole({ registries: ['nats'], isLong: false, peers: false })).toBe(false);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
