import type { Candidate, Outcome, SelectOptions, Selector } from '@tenon/contract';
import { noMetadata, ServiceError } from '@tenon/contract';

/** Picks the first of its nodes that is not excluded, and keeps what it is asked and told. */
export class ScriptedSelector implements Selector {
  readonly selects: SelectOptions[] = [];
  readonly reports: { readonly node: string; readonly outcome: Outcome }[] = [];
  /** Something to wait for before it picks. */
  before: ((options: SelectOptions) => Promise<void>) | undefined;
  closed = false;

  constructor(private readonly nodes: readonly string[]) {}

  select(service: string, options: SelectOptions = {}): Candidate | Promise<Candidate> {
    this.selects.push(options);
    return this.before === undefined
      ? this.#pick(service, options)
      : this.before(options).then(() => this.#pick(service, options));
  }

  report(_service: string, candidate: Candidate, outcome: Outcome): void {
    this.reports.push({ node: candidate.node.id, outcome });
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #pick(service: string, { exclude }: SelectOptions): Candidate {
    const id = this.nodes.find((node) => exclude?.has(node) !== true);
    if (id === undefined) throw new ServiceError('Unavailable', 'no node is left', { executed: 'no', service });
    const node = { id, address: `${id}:1`, metadata: noMetadata };
    return { node, record: { name: service, version: '1.0.0', metadata: noMetadata, endpoints: [], nodes: [node] } };
  }
}
