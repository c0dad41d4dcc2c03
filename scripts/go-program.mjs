import { mkdirSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { root } from './system/repository.mjs';
import { CommandFailed, captured } from './system/run.mjs';

/** Downloading and compiling the largest took three minutes on two busy processors. */
const limitMs = 900_000;

/**
 * Builds a Go program from exactly the modules that a folder's go.mod and go.sum pin. Wants `go` on the PATH, and the modules from a
 * proxy or from Go's own cache; Go builds nothing anew without need.
 *
 * @param {string} folder absolute, or relative to the root
 * @param {string} goPackage its import path, or one relative to the folder: `./client`
 * @returns {Promise<string>} the path of the program, in `.tmp/go`
 * @throws {Error} with Go's last word as its message
 */
export async function buildGoProgram(folder, goPackage) {
  const cwd = resolve(root, folder);
  const target = join(root, '.tmp', 'go', basename(cwd));
  mkdirSync(target, { recursive: true });
  const program = join(target, basename(resolve('/', goPackage)));
  // Neither another toolchain nor another version than the pinned ones is fetched.
  const env = { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly', GOWORK: 'off' };
  console.log(`Building ${goPackage} of ${relative(root, cwd)}: go build`);
  try {
    await captured('go', ['build', '-o', program, goPackage], { cwd, env, timeoutMs: limitMs });
  } catch (thrown) {
    if (!(thrown instanceof CommandFailed)) throw thrown;
    const reason = thrown.output.trim().split('\n').at(-1) || thrown.message;
    throw new Error(`go cannot build ${goPackage}: ${reason}`);
  }
  return program;
}
