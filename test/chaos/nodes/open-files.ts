import { closeSync, openSync } from 'node:fs';

/** Takes every file descriptor that the process may have, and gives them back. */
export class OpenFiles {
  #taken: number[] = [];

  /** Returns how many there were. */
  useUp(): number {
    try {
      for (;;) this.#taken.push(openSync('/dev/null', 'r'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
      return this.#taken.length;
    }
  }

  giveBack(): void {
    for (const one of this.#taken.splice(0)) closeSync(one);
  }
}
