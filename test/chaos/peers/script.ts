import { fileURLToPath } from 'node:url';
import { NodeProcess } from '@tenon/testing/node-process';
import type { Lab } from '../lab/lab.js';

/** Starts a script of `bench/peers/faults`, where the peers are installed, and waits until it says that it is ready. */
export async function startScript(
  lab: Lab,
  name: string,
  parameters: readonly string[],
): Promise<{ readonly process: NodeProcess; readonly port: number }> {
  const script = fileURLToPath(new URL(`${name}.mjs`, folder));
  const process = lab.own(new NodeProcess(script, { parameters, name }));
  const port = await process.message((message) => {
    const { ready } = message as { readonly ready?: number };
    return ready === undefined ? undefined : { number: ready };
  }, 30_000);
  return { process, port: port.number };
}

/** This file runs from `test/chaos/dist/chaos/peers`. */
const folder = new URL('../../../../../bench/peers/faults/', import.meta.url);
