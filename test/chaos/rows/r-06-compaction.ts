import { eventually } from '@tenon/conformance';
import { FaultProxy } from '@tenon/testing/fault-proxy';
import { Registry } from 'tenon';
import { ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { EtcdKeys } from '../lab/etcd-keys.js';
import { crowdOf } from '../lab/garbage.js';
import type { Lab } from '../lab/lab.js';
import { meetingApp } from '../nodes/meeting-app.js';

export const compaction: Row = {
  id: 'R-06',
  fault: 'a watcher is cut off for 5 s; meanwhile 1,000 entries come and go at random, and etcd compacts their history',
  bar: 'listed and watched anew ≤ 1 s after it is connected; the set exact: 0 missed, 0 ghosts; later changes seen',
  quiet: true,

  async run(lab) {
    const etcd = await lab.server('etcd');
    const keys = new EtcdKeys(etcd.address);
    const [host = '', port] = etcd.address.split(':');
    const proxy = lab.own(await FaultProxy.start({ host, port: Number(port) }));
    const crowd = new Crowd(keys, '/chaos/compaction/');
    await crowd.begin();
    const watched = await watching(lab, proxy.address, crowd.prefix);
    await eventually(() => crowd.compare(watched.ids), { withinMs: 10_000, everyMs: 10 });

    proxy.refuse();
    proxy.reset();
    const cutAt = performance.now();
    await crowd.change(changes);
    await keys.compact();
    await lab.pass(Math.max(0, 5_000 - (performance.now() - cutAt)));
    const { accepted } = proxy.counts;
    await proxy.heal();
    const healedAt = performance.now();
    await eventually(() => isTrue(proxy.counts.accepted > accepted), { withinMs: 30_000, everyMs: 1 });
    const connectedAt = performance.now();
    await eventually(() => crowd.compare(watched.ids), { withinMs: 10_000, everyMs: 1 });
    const exactAt = performance.now();

    await crowd.change(20);
    await eventually(() => crowd.compare(watched.ids), { withinMs: 5_000, everyMs: 10 });
    const { missed, ghosts } = crowd.difference(watched.ids);
    return {
      n: changes,
      figure: `exact ${ms(exactAt - connectedAt)} after it was connected, ${ms(exactAt - healedAt)} after the line was whole; ${missed} missed, ${ghosts} ghosts of ${number(watched.ids.length)}; 20 later changes seen`,
      passed: exactAt - connectedAt <= 1_000 && missed === 0 && ghosts === 0,
    };
  },
};

const changes = 1_000;

/** Entries of a service as they stand in etcd: most stay, the others come and go. */
class Crowd {
  readonly #entries = [...crowdOf('crowd', 300, 1)];
  readonly #there = new Set<string>();

  constructor(
    private readonly keys: EtcdKeys,
    readonly prefix: string,
  ) {}

  async begin(): Promise<void> {
    const first = this.#entries.slice(0, 250);
    await this.keys.putAll(new Map(first.map(([id, value]) => [this.#key(id), value])));
    for (const [id] of first) this.#there.add(id);
  }

  async change(count: number): Promise<void> {
    for (let change = 0; change < count; change += 1) {
      const [id, value] = this.#entries[200 + Math.floor(Math.random() * 100)] as readonly [string, string];
      if (this.#there.delete(id)) await this.keys.remove(this.#key(id));
      else {
        await this.keys.put(this.#key(id), value);
        this.#there.add(id);
      }
    }
  }

  difference(ids: readonly string[]): { readonly missed: number; readonly ghosts: number } {
    const seen = new Set(ids);
    return {
      missed: [...this.#there].filter((id) => !seen.has(id)).length,
      ghosts: [...seen].filter((id) => !this.#there.has(id)).length,
    };
  }

  /** @throws Error where it differs. */
  compare(ids: readonly string[]): void {
    const { missed, ghosts } = this.difference(ids);
    if (missed > 0 || ghosts > 0) throw new Error(`${missed} missed, ${ghosts} ghosts`);
  }

  #key(id: string): string {
    return `${this.prefix}crowd/${id}`;
  }
}

/** What a watch of the crowd, through that address, was told last. */
async function watching(lab: Lab, address: string, prefix: string): Promise<{ readonly ids: readonly string[] }> {
  const app = await meetingApp({ wire: 'tenon/1', etcd: address, prefix }, { log: { level: 'silent' } });
  await app.start();
  lab.atEnd(() => app.close());
  const state: { ids: readonly string[] } = { ids: [] };
  const follow = async (): Promise<void> => {
    for await (const event of app.get(Registry).watch('crowd')) {
      if (event.kind !== 'error') state.ids = event.records.flatMap(({ nodes }) => nodes.map(({ id }) => id));
    }
  };
  void follow();
  return state;
}

function isTrue(holds: boolean): void {
  if (!holds) throw new Error('not yet');
}
