import { allWires, isWire, type Wire } from '../lab/wire.js';

/** What is to run, as the command line says it. */
export interface Choice {
  /** Ids. Absent: all. */
  readonly only?: readonly string[];
  /** Of rows that run over each wire. Absent: all. */
  readonly wires?: readonly Wire[];
  /** Of rows that are about a registry, by the names of their back ends. Absent: etcd, and all other rows too. */
  readonly registries?: readonly string[];
  readonly isLong: boolean;
  /** Instead of rows: the same faults to Tenon and to its peers. */
  readonly peers: boolean;
}

/** `--only N-01,R-03`, `--wires tenon/1,memory`, `--registries etcd,nats`, `--long`, `--peers`. Throws for anything else. */
export function readChoice(args: readonly string[]): Choice {
  const choice: {
    only?: readonly string[];
    wires?: readonly Wire[];
    registries?: readonly string[];
    isLong: boolean;
    peers: boolean;
  } = {
    isLong: false,
    peers: false,
  };
  for (let index = 0; index < args.length; index += 1) {
    const [name = '', attached] = (args[index] ?? '').split('=', 2);
    const list = (): readonly string[] => {
      const value = attached ?? args[++index];
      if (value === undefined) throw new Error(`${name} wants a list, separated by commas`);
      return value.split(',').filter((one) => one !== '');
    };
    if (name === '--long') choice.isLong = true;
    else if (name === '--peers') choice.peers = true;
    else if (name === '--only') choice.only = list().map((id) => id.toUpperCase());
    else if (name === '--wires') choice.wires = list().map(wireNamed);
    else if (name === '--registries') choice.registries = list();
    else throw new Error(`no option ${name}; there are --only, --wires, --registries, --long and --peers`);
  }
  return choice;
}

/** Whether everything runs, so that the result may stand for the whole. */
export function isWhole({ only, wires: chosen, registries }: Choice): boolean {
  return only === undefined && chosen === undefined && registries === undefined;
}

function wireNamed(name: string): Wire {
  if (!isWire(name)) throw new Error(`no wire ${name}; there are ${allWires.join(', ')}`);
  return name;
}
