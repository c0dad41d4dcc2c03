import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './repository.mjs';

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] Default: the root of the repository.
 * @property {Record<string, string | undefined>} [env] Added to the environment; `undefined` takes a variable away.
 * @property {number} [timeoutMs] Ends the command with SIGKILL. Default: no bound.
 */

/** A command that did not end with 0, with everything it printed on both streams. */
export class CommandFailed extends Error {
  /**
   * @param {string} command
   * @param {string} output
   * @param {string} ending
   */
  constructor(command, output, ending) {
    super(`${command} ${ending}`);
    this.name = 'CommandFailed';
    this.output = output;
  }
}

/**
 * Runs a command out of sight and resolves with what it printed on its standard output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<string>}
 * @throws {CommandFailed} unless it ends with 0
 */
export async function captured(command, args, options = {}) {
  const env = { FORCE_COLOR: undefined, NO_COLOR: '1', ...options.env };
  const child = start(command, args, { ...options, env }, ['ignore', 'pipe', 'pipe']);
  let standardOutput = '';
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    standardOutput += chunk;
    output += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
  });
  const code = await passingSignals(child, options);
  if (code === 0) return standardOutput;
  const ending = code === 'timeout' ? `did not end within ${options.timeoutMs} ms` : `ended with exit code ${code}`;
  throw new CommandFailed(`${command} ${args.join(' ')}`, output, ending);
}

/**
 * Runs a command in sight, on our own terminal, and resolves with its exit code.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<number>}
 */
export async function inherited(command, args, options = {}) {
  const code = await passingSignals(start(command, args, options, 'inherit'), options);
  return code === 'timeout' ? 1 : code;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} options
 * @param {import('node:child_process').StdioOptions} stdio
 */
function start(command, args, options, stdio) {
  return spawn(command, args, { cwd: options.cwd ?? root, env: { ...process.env, ...options.env }, stdio });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} [timeoutMs]
 * @returns {Promise<number | 'timeout'>} 128 and the signal's number for a command that a signal ended, as shells say it
 */
function exitCode(child, timeoutMs) {
  return new Promise((resolve, reject) => {
    let timedOut = false;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill('SIGKILL');
            // What the child started may hold its output open for ever.
            child.stdout?.destroy();
            child.stderr?.destroy();
          }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (timedOut) resolve('timeout');
      else resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  });
}

/**
 * Hands our signals to the child and lives until it has ended, so that whoever started it can clean up. A Ctrl-C on a
 * terminal reaches the child without us, being sent to the whole foreground group: passing it on too would look like
 * somebody who presses it twice.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {RunOptions} options
 */
async function passingSignals(child, { timeoutMs }) {
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => {
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  process.on('SIGINT', pass).on('SIGTERM', pass);
  const orphanWatch = whenOrphaned(() => child.kill('SIGTERM'));
  try {
    return await exitCode(child, timeoutMs);
  } finally {
    process.off('SIGINT', pass).off('SIGTERM', pass);
    clearInterval(orphanWatch);
  }
}

/**
 * A SIGTERM for npm ends npm and the shell between us, and never arrives here: what we see of it is another parent. Not so
 * without npm, where a parent may well end and mean us to go on.
 *
 * @param {() => void} react
 */
function whenOrphaned(react) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    react();
  }, 500);
  return watch.unref();
}
