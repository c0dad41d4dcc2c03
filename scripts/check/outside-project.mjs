import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readManifest, root } from '../system/repository.mjs';
import { captured } from '../system/run.mjs';
import { checkModuleForms } from './module-forms.mjs';
import { checkHello } from './readme-hello.mjs';
import { packAll } from './tarballs.mjs';

/**
 * The pack gate: an empty project outside the repository into which the packed tarballs are installed, made when the
 * first step asks for it and removed by {@link OutsideProject.remove}. What is checked here is what users install.
 */
export class OutsideProject {
  #folder = mkdtempSync(join(tmpdir(), 'tenon-outside-'));
  /** @type {Promise<readonly import('./tarballs.mjs').Tarball[]> | undefined} */
  #tarballs;
  /** @type {Promise<void> | undefined} */
  #installed;

  /** Packs every package and installs all of them, without install scripts and optional dependencies. */
  async install() {
    const tarballs = await this.#packed();
    this.#installed ??= this.#installTarballs(tarballs);
    await this.#installed;
    return `${tarballs.length} packages`;
  }

  /** Lets publint read each tarball; a warning counts as an error. */
  async lint() {
    for (const { path } of await this.#packed()) {
      await captured(join(root, 'node_modules', '.bin', 'publint'), ['run', path, '--strict', '--level=warning']);
    }
  }

  /** Type-checks and runs the hello of README.md as a reader would. */
  async hello() {
    await this.install();
    return checkHello(join(this.#folder, 'hello'));
  }

  /** Loads every entry point of every package by `import` and by `require`. */
  async moduleForms() {
    await this.install();
    const specifiers = (await this.#packed()).flatMap((tarball) => tarball.specifiers);
    return checkModuleForms(join(this.#folder, 'module-forms'), specifiers);
  }

  /** Runs the registry and the codec of scripts/outside through the published suites, under node:test. */
  async conformance() {
    await this.install();
    const folder = join(this.#folder, 'conformance');
    cpSync(join(root, 'scripts', 'outside'), folder, { recursive: true });
    await captured(join(root, 'node_modules', '.bin', 'tsc'), ['-p', '.'], { cwd: folder });
    const output = await captured(process.execPath, ['--test', '--test-reporter=tap'], {
      cwd: folder,
      timeoutMs: 5 * 60_000,
    });
    return count(output);
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #packed() {
    this.#tarballs ??= packAll(join(this.#folder, 'tarballs'));
    return this.#tarballs;
  }

  /** @param {readonly import('./tarballs.mjs').Tarball[]} tarballs */
  async #installTarballs(tarballs) {
    writeFileSync(join(this.#folder, 'package.json'), JSON.stringify({ name: 'outside', private: true }));
    const nodeTypes = `@types/node@${readManifest().devDependencies?.['@types/node']}`;
    await captured(
      'npm',
      ['install', '--ignore-scripts', '--omit=optional', ...tarballs.map(({ path }) => path), nodeTypes],
      { cwd: this.#folder, timeoutMs: 5 * 60_000 },
    );
  }
}

/** The passed and skipped tests of a TAP report, of which there must be some. @param {string} tap */
function count(tap) {
  const figure = (/** @type {string} */ name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0);
  if (figure('pass') === 0) throw new Error('node --test ran no test in scripts/outside.');
  if (figure('skipped') > 0) throw new Error(`${figure('skipped')} cases of the published suites were skipped.`);
  return `${figure('pass')} cases passed`;
}
