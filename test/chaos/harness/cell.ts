import { Lab } from '../lab/lab.js';
import type { SharedServers } from '../lab/shared-servers.js';
import type { Wire } from '../lab/wire.js';
import { NotApplicable } from './not-applicable.js';
import { type Outcome, type Row, VoidRun } from './row.js';
import { StartLine } from './start-line.js';
import type { TestRun } from './test-run.js';

/** A row over one wire, and what it came to. */
export interface Cell {
  readonly row: Row;
  /** Undefined where the row does not ask for wires. */
  readonly wire: Wire | undefined;
  /** The registry that it is about, of those that were chosen. */
  readonly registry?: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  readonly outcome: Outcome;
  /** What it came to before it was tried again, where it failed then. */
  readonly first?: Outcome;
  /** Runs that said nothing, before the one that counts. */
  readonly voidRuns: number;
  readonly seconds: number;
}

/** A cell that is still to run. */
export interface PlannedCell {
  readonly row: Row;
  readonly wire: Wire | undefined;
  /** Absent: the row runs with what it runs with by default. */
  readonly registry?: string;
}

export interface RunParts {
  readonly servers: SharedServers;
  readonly tests: TestRun;
  readonly isLong: boolean;
  readonly note: (text: string) => void;
  /** Of the cells that run side by side with this one. Absent: it runs alone. */
  readonly startLine?: StartLine;
}

/** Runs cells side by side, as {@link runCell} does: all of a group, but of quiet ones as many as two processors bear. */
export async function runGroup(
  group: readonly PlannedCell[],
  parts: RunParts,
  done: (cell: Cell) => void = () => {},
): Promise<readonly Cell[]> {
  const startLine = new StartLine(group);
  const atOnce = group.every(({ row }) => row.quiet === true) ? quietTogether : group.length;
  const left = group.entries();
  const cells: Cell[] = [];
  const next = async (): Promise<void> => {
    for (const [place, planned] of left) {
      const cell = await runCell(planned, { ...parts, startLine });
      startLine.leave(planned);
      done(cell);
      cells[place] = cell;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  return cells;
}

/** Runs one cell: again where the run is void, three times at most. Never rejects. */
export async function runCell(planned: PlannedCell, parts: RunParts): Promise<Cell> {
  const { row, wire, registry } = planned;
  const began = performance.now();
  const finished = (result: Cell['result'], outcome: Outcome, voidRuns = 0): Cell => {
    const seconds = (performance.now() - began) / 1_000;
    return { row, wire, ...(registry === undefined ? {} : { registry }), result, outcome, voidRuns, seconds };
  };
  const reason = wire === undefined ? undefined : row.notApplicable?.[wire];
  if (reason !== undefined) return finished('skipped', { n: 0, figure: reason, passed: false });
  const note = (text: string): void => parts.note(`${row.id} ${wire ?? registry ?? ''}: ${text}`);
  for (let voidRuns = 0; ; voidRuns += 1) {
    try {
      const outcome = await runOnce(planned, parts, note);
      return finished(outcome.passed ? 'passed' : 'failed', outcome, voidRuns);
    } catch (thrown) {
      if (thrown instanceof NotApplicable) {
        return finished('skipped', { n: 0, figure: thrown.message, passed: false }, voidRuns);
      }
      if (!(thrown instanceof VoidRun)) return finished('failed', failedBy(thrown), voidRuns);
      note(`void: ${thrown.message}`);
      if (voidRuns === maxVoidRepeats) {
        return finished('failed', { n: 0, figure: `void three times: ${thrown.message}`, passed: false }, voidRuns + 1);
      }
    }
  }
}

async function runOnce(planned: PlannedCell, parts: RunParts, note: (text: string) => void): Promise<Outcome> {
  const { row, wire = defaultWire } = planned;
  const lab = new Lab(wire, parts.servers, planned.registry);
  try {
    const tested = (): Promise<number> => parts.tests.passed(row.tests ?? []);
    const ready = async (): Promise<void> => parts.startLine?.reach(planned);
    return await row.run(lab, { wire, isLong: parts.isLong, note, tested, ready });
  } finally {
    await lab.dispose();
  }
}

function failedBy(thrown: unknown): Outcome {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { n: 0, figure: text.replaceAll(/\s+/g, ' ').slice(0, 600), passed: false };
}

const quietTogether = 4;
const maxVoidRepeats = 2;
const defaultWire: Wire = 'tenon/1';
