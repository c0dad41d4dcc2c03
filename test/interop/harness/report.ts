import type { Machine } from './machine.js';
import { type CaseResult, Meeting, messageOf } from './meeting.js';
import { Missing } from './missing.js';
import type { Direction, FoundStranger } from './stranger.js';

/** What came of one stranger. */
export interface Report {
  readonly name: string;
  readonly direction: Direction;
  readonly version: string;
  readonly cases: readonly CaseResult[];
  readonly notes: readonly string[];
  /** Why it could not be met; it counts as one skip. */
  readonly skipped?: string;
  readonly seconds: number;
}

/** Lets a stranger meet Tenon. Never rejects: whatever breaks is a failed case. */
export async function reportOn(stranger: FoundStranger, machine: Machine): Promise<Report> {
  const began = performance.now();
  const meeting = new Meeting(machine, stranger.folder);
  let skipped: string | undefined;
  try {
    await stranger.meet(meeting);
    if (meeting.cases.length === 0) throw new Error('no case was run');
  } catch (thrown) {
    if (thrown instanceof Missing && meeting.cases.length === 0) skipped = thrown.message;
    else meeting.record({ name: 'the meeting as a whole', result: 'failed', reason: messageOf(thrown) });
  }
  return {
    name: stranger.name,
    direction: stranger.direction,
    version: meeting.version,
    cases: meeting.cases,
    notes: meeting.notes,
    ...(skipped === undefined ? {} : { skipped }),
    seconds: (performance.now() - began) / 1_000,
  };
}

/** How many cases came out so. */
export function countOf({ cases }: Report, result: CaseResult['result']): number {
  return cases.filter((one) => one.result === result).length;
}

/** `12 passed, 1 failed, 2 skipped`: cases, and strangers that could not be met. */
export function totalOf(reports: readonly Report[]): string {
  const count = (result: CaseResult['result']): number =>
    reports.reduce((sum, report) => sum + countOf(report, result), 0);
  const unmet = reports.filter(({ skipped }) => skipped !== undefined).length;
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped') + unmet} skipped`;
}
