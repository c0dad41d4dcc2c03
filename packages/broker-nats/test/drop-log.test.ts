import { DropLog } from '@tenon/contract/authoring';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { LogLines } from './log-lines.js';

describe('a drop log', () => {
  it('warns at once, then once a minute with the exact count, and of the rest when it ends', async () => {
    const log = new LogLines();
    const clock = new FakeClock();
    const drops = new DropLog(log, clock, 'messages dropped');
    for (let index = 0; index < 10; index++) drops.add({ index });
    expect(log.lines).toEqual([{ level: 'warn', message: 'messages dropped', fields: { index: 0, dropped: 1 } }]);
    await clock.advance(59_999);
    drops.add();
    expect(log.lines).toHaveLength(1);
    await clock.advance(1);
    drops.add();
    expect(log.lines[1]?.fields).toEqual({ dropped: 12 });
    drops.add();
    drops.end();
    drops.end();
    expect(log.lines.map(({ fields }) => fields['dropped'])).toEqual([1, 12, 13]);
    expect([drops.count, clock.pending]).toEqual([13, 0]);
  });

  it('says nothing when nothing was dropped', () => {
    const log = new LogLines();
    new DropLog(log, new FakeClock(), 'messages dropped').end();
    expect(log.lines).toEqual([]);
  });
});
