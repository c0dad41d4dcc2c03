import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The files in which the nodes of a fleet write down what they execute. */
export class Journals {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tenon-chaos-'));

  /** Where a node is to write. */
  fileOf(node: string): string {
    return join(this.#folder, node);
  }

  /** How often each call's id stands in them. */
  executions(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const file of readdirSync(this.#folder)) {
      for (const id of readFileSync(join(this.#folder, file), 'utf8').split('\n')) {
        if (id !== '') counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    }
    return counts;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
