import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Machine, Program } from './namespaces.js';

/** A real avahi-daemon on a machine, with a message bus of its own, and its command line tools. */
export class Avahi {
  readonly #machine: Machine;
  readonly #folder: string;
  readonly #running: Program[] = [];

  private constructor(machine: Machine, folder: string) {
    this.#machine = machine;
    this.#folder = folder;
  }

  static async start(machine: Machine): Promise<Avahi> {
    const folder = mkdtempSync(join(tmpdir(), 'avahi-test-'));
    writeFileSync(join(folder, 'bus.conf'), busConfig(join(folder, 'bus')));
    writeFileSync(join(folder, 'avahi.conf'), avahiConfig);
    const avahi = new Avahi(machine, folder);
    avahi.#start('dbus-daemon', ['--nofork', `--config-file=${join(folder, 'bus.conf')}`]);
    // The namespace of mounts is its own as well: its files under /run are nobody else's.
    const script = `mount -t tmpfs none /run && exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f ${join(folder, 'avahi.conf')}`;
    for (const end = Date.now() + 15_000; Date.now() < end; ) {
      const daemon = avahi.#start('unshare', ['-m', 'sh', '-c', script]);
      for (const bound = Date.now() + 3_000; Date.now() < bound; await delay(20)) {
        if (daemon.said.includes('Server startup complete')) return avahi;
        if (/D-Bus|Failed/.test(daemon.said)) break;
      }
      daemon.kill('SIGTERM');
      await daemon.ended();
    }
    const said = avahi.#running.map((program) => program.said).join('\n');
    await avahi.stop();
    throw new Error(`avahi-daemon did not start (are avahi-daemon and avahi-utils installed?): ${said}`);
  }

  /** `avahi-browse` or `avahi-publish` with these arguments. */
  tool(command: string, ...given: readonly string[]): Program {
    return this.#start(command, given);
  }

  async stop(): Promise<void> {
    for (const program of this.#running.toReversed()) {
      program.kill('SIGTERM');
      await program.ended();
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #start(command: string, given: readonly string[]): Program {
    const bus = `unix:path=${join(this.#folder, 'bus')}`;
    const program = this.#machine.start(command, given, { DBUS_SYSTEM_BUS_ADDRESS: bus });
    this.#running.push(program);
    return program;
  }
}

const avahiConfig = `[server]
host-name=stranger
use-ipv4=yes
use-ipv6=no
[wide-area]
enable-wide-area=no
[publish]
publish-workstation=no
`;

function busConfig(path: string): string {
  const all = ['method_call', 'method_return', 'error', 'signal'];
  const allow = all.map(
    (type) => `<allow send_type="${type}" send_requested_reply="true"/><allow receive_type="${type}"/>`,
  );
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>${allow.join('')}</policy></busconfig>`;
}
