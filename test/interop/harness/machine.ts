import { accessSync, constants } from 'node:fs';
import { platform } from 'node:os';
import { delimiter, join } from 'node:path';
import { Missing } from './missing.js';

/** A program, and the Debian package that brings it. */
export interface DebianProgram {
  readonly program: string;
  readonly debianPackage: string;
}

/** What installs: given by the command, because the suite itself is compiled and the scripts are not. */
export interface Installers {
  /** Makes sure that programs are there; rejects with how to install them. */
  debian(programs: readonly DebianProgram[]): Promise<void>;
  /** Installs a package of Debian's that brings no program; rejects where we may not, with how to install it. */
  debianPackage(name: string): Promise<void>;
  /** `npm ci` in a folder with a package.json and a lock of its own. */
  npm(folder: string): Promise<void>;
  /** Builds a program from the modules that a folder's go.mod pins, and resolves with its path. */
  go(folder: string, goPackage: string): Promise<string>;
  /** Where programs are looked for, of the form of `PATH`. */
  readonly path: string;
}

/** This machine: what strangers ask for what they need. Whatever it cannot have is `Missing`, with the reason. */
export class Machine {
  readonly #installers: Installers;

  constructor(installers: Installers) {
    this.#installers = installers;
  }

  /** The path of a program, installed from Debian's packages where it is not there and we may. */
  async program(program: string, debianPackage: string): Promise<string> {
    await orMissing(this.#installers.debian([{ program, debianPackage }]));
    const found = this.find(program);
    if (found === undefined) throw new Missing(`${program} is not on the PATH`);
    return found;
  }

  /** Makes sure of a package of Debian's that brings no program, such as a library of Ruby's. */
  async debian(debianPackage: string, isThere: () => Promise<boolean>): Promise<void> {
    if (await isThere()) return;
    await orMissing(this.#installers.debianPackage(debianPackage));
    if (!(await isThere())) throw new Missing(`${debianPackage} is installed and cannot be used`);
  }

  /** Installs the packages that a stranger's folder pins. */
  npm(folder: string): Promise<void> {
    return orMissing(this.#installers.npm(folder));
  }

  /** The path of a program, built from the modules that a stranger's folder pins. */
  async go(folder: string, goPackage: string): Promise<string> {
    if (this.find('go') === undefined) throw new Missing('go is not on the PATH');
    return orMissing(this.#installers.go(folder, goPackage));
  }

  /** The path of a program that is there. */
  find(program: string): string | undefined {
    return this.#installers.path
      .split(delimiter)
      .map((folder) => join(folder, program))
      .find(isExecutable);
  }

  /** What decides which strangers can be met here: `linux, apt, go`. */
  get kind(): string {
    const mayInstall = process.getuid?.() === 0 && this.find('apt-get') !== undefined;
    return [platform(), ...(mayInstall ? ['apt'] : []), ...(this.find('go') === undefined ? [] : ['go'])].join(', ');
  }
}

async function orMissing<T>(installed: Promise<T>): Promise<T> {
  try {
    return await installed;
  } catch (thrown) {
    const [reason = ''] = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n');
    throw new Missing(reason);
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
