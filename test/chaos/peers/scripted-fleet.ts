import type { NodeProcess } from '@tenon/testing/node-process';
import type { LoadResult } from '@tenon/testing/open-loop-load';
import type { Lab } from '../lab/lab.js';
import type { PeerFleet } from './peer.js';
import { startScript } from './script.js';

/** How a peer's node is started: by which script, and with what, the first time and again. */
export interface ScriptedNode {
  readonly script: string;
  /** @param port - where it was before; 0 at first. */
  parameters(node: number, port: number): readonly string[];
}

/** Three nodes and a caller that are scripts of the peer's own. */
export class ScriptedFleet implements PeerFleet {
  readonly #lab: Lab;
  readonly #node: ScriptedNode;
  readonly #nodes: { process: NodeProcess; port: number }[] = [];
  #caller: NodeProcess | undefined;

  private constructor(lab: Lab, node: ScriptedNode) {
    this.#lab = lab;
    this.#node = node;
  }

  static async start(
    lab: Lab,
    node: ScriptedNode,
    caller: { readonly script: string; parameters(ports: readonly number[]): readonly string[] },
  ): Promise<ScriptedFleet> {
    const fleet = new ScriptedFleet(lab, node);
    for (const place of [0, 1, 2]) fleet.#nodes.push(await fleet.#started(place, 0));
    const parameters = caller.parameters(fleet.#nodes.map(({ port }) => port));
    fleet.#caller = (await startScript(lab, caller.script, parameters)).process;
    return fleet;
  }

  async slow(node: number, delayMs: number): Promise<void> {
    this.#at(node).process.say({ delayMs });
  }

  async restart(node: number): Promise<void> {
    const { process, port } = this.#at(node);
    process.terminate();
    await process.ended(40_000);
    this.#nodes[node] = await this.#started(node, port);
  }

  async kill(node: number): Promise<void> {
    const { process } = this.#at(node);
    process.kill();
    await process.ended(10_000);
  }

  async load(rate: number, durationMs: number): Promise<LoadResult> {
    const caller = this.#caller;
    if (caller === undefined) throw new Error('the fleet has no caller');
    const found = caller.message((message) => (message as { result?: LoadResult }).result, durationMs + 60_000);
    caller.say({ rate, durationMs });
    return found;
  }

  #at(node: number): { process: NodeProcess; port: number } {
    const found = this.#nodes[node];
    if (found === undefined) throw new Error(`there is no node ${node}`);
    return found;
  }

  #started(node: number, port: number): Promise<{ process: NodeProcess; port: number }> {
    return startScript(this.#lab, this.#node.script, this.#node.parameters(node, port));
  }
}
