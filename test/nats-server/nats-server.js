import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pauseProcess } from '@tenon/conformance';
/** A real nats-server on a loopback port of its own, for the tests of every package that speaks with one. */
export class NatsServer {
    address;
    port;
    #folder;
    #args;
    #child;
    constructor(folder, args, port, child) {
        this.#folder = folder;
        this.#args = args;
        this.port = port;
        this.address = `127.0.0.1:${port}`;
        this.#child = child;
    }
    /** Starts a server on a free port that it chooses itself, and resolves when it accepts connections. */
    static async start(options = {}) {
        if (!existsSync(binary))
            throw new Error(`${binary} is missing: apt-get install nats-server`);
        const folder = await mkdtemp(join(tmpdir(), 'tenon-nats-'));
        const args = [
            ...(options.args ?? []),
            ...(options.jetStream === true ? ['-js', '-sd', join(folder, 'store')] : []),
            ...(options.tls === true ? ['--tls', '--tlscert', tlsFile('server.pem'), '--tlskey', tlsFile('server.key')] : []),
        ];
        if (options.config !== undefined) {
            await writeFile(join(folder, 'nats.conf'), options.config);
            args.push('-c', join(folder, 'nats.conf'));
        }
        const child = spawnServer(['-p', '-1', '--ports_file_dir', folder, ...args]);
        try {
            return new NatsServer(folder, args, await portOf(folder, child), child);
        }
        catch (failure) {
            await ended(child, 'SIGKILL');
            await rm(folder, { recursive: true, force: true });
            throw failure;
        }
    }
    /** The process, while there is one. */
    get pid() {
        return this.#child?.pid;
    }
    /** Ends the process at once, as a crash would. */
    async kill() {
        const child = this.#child;
        this.#child = undefined;
        if (child !== undefined)
            await ended(child, 'SIGKILL');
    }
    /** Starts it again on the same port, after {@link kill}. */
    async restart() {
        if (this.#child !== undefined)
            throw new Error('nats-server is still running');
        this.#child = spawnServer(['-p', String(this.port), ...this.#args]);
        await accepting(this.port, this.#child);
    }
    /** Freezes the process: connections stay, nothing is answered. */
    pause() {
        pauseProcess(this.#child);
    }
    resume() {
        this.#child?.kill('SIGCONT');
    }
    /** Kills it and removes its folder. Twice is fine. */
    async stop() {
        await this.kill();
        await rm(this.#folder, { recursive: true, force: true });
    }
}
/** The authority, as PEM text, that a client of a server with TLS has to trust. */
export function natsAuthority() {
    return readFile(tlsFile('ca.pem'), 'utf8');
}
/** The key protects nothing: it belongs to a certificate for loopback alone. */
function tlsFile(name) {
    return fileURLToPath(new URL(`tls/${name}`, import.meta.url));
}
function spawnServer(args) {
    return spawn(binary, ['-a', '127.0.0.1', ...args], { stdio: 'ignore' });
}
/** The port that the server wrote into its ports file. */
async function portOf(folder, child) {
    return polled(child, async () => {
        const file = (await readdir(folder)).find((name) => name.endsWith('.ports'));
        if (file === undefined)
            return undefined;
        const text = await readFile(join(folder, file), 'utf8');
        const port = /"(?:nats|tls):\/\/[^"]*:(\d+)"/.exec(text)?.[1];
        return port === undefined ? undefined : Number(port);
    });
}
async function accepting(port, child) {
    await polled(child, async () => ((await accepts(port)) ? true : undefined));
}
function accepts(port) {
    return new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1');
        socket.once('data', () => {
            socket.destroy();
            resolve(true);
        });
        socket.once('error', () => resolve(false));
    });
}
async function polled(child, look) {
    const end = performance.now() + patienceMs;
    while (performance.now() < end) {
        if (child.exitCode !== null)
            throw new Error(`nats-server ended with exit code ${child.exitCode}`);
        const found = await look();
        if (found !== undefined)
            return found;
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`nats-server was not ready within ${patienceMs} ms`);
}
async function ended(child, signal) {
    if (child.exitCode !== null || child.signalCode !== null)
        return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
}
const binary = '/usr/sbin/nats-server';
const patienceMs = 10_000;
