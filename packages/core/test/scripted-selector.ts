import type { Candidate, Metadata, Outcome, SelectOptions, Selector } from '@tenon/contract';
import { noMetadata, ServiceError } from '@tenon/contract';

/** Picks the first of its nodes that is not excluded, and keeps what it is asked and told. */
export class ScriptedSelector implements Selector {
  readonly selects: SelectOptions[] = [];
  readonly reports: { readonly node: string; readonly outcome: Outcome }[] = [];
  /** Something to wait for before it picks. */
  before: ((options: SelectOptions) => Promise<void>) | undefined;
  closed = false;
  /** What its nodes say about themselves. */
  metadata: Metadata = noMetadata;
  version = '1.0.0';
  /** Nodes that are not there any more. */
  readonly gone = new Set<string>();

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

  #pick(service: string, { exclude, filters = [] }: SelectOptions): Candidate {
    const wanted = this.nodes.filter((node) => !this.gone.has(node) && exclude?.has(node) !== true);
    const candidates = wanted.map((id): Candidate => {
      const node = { id, address: `${id}:1`, metadata: this.metadata };
      const { version } = this;
      return { node, record: { name: service, version, metadata: noMetadata, endpoints: [], nodes: [node] } };
    });
    const [first] = filters.reduce<readonly Candidate[]>((left, filter) => filter(left), candidates);
    if (first === undefined) throw new ServiceError('Unavailable', 'no node is left', { executed: 'no', service });
    return first;
  }
}
