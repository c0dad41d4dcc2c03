import { promises, type SrvRecord } from 'node:dns';
import { ServiceError } from '@tenon/contract';
import type { ResolvedDnsOptions } from './dns-options.js';

/** Asks name servers for SRV records. */
export class SrvQuery {
  readonly #resolver: promises.Resolver;

  constructor({ servers, timeoutMs }: Pick<ResolvedDnsOptions, 'servers' | 'timeoutMs'>) {
    this.#resolver = new promises.Resolver({ timeout: timeoutMs, tries: 2 });
    if (servers !== undefined) this.#resolver.setServers(servers);
  }

  /**
   * The SRV records of a name; none where DNS says that there are none, or no such name.
   *
   * Rejects with `Unavailable` where no name server answers, or refuses, or says that it cannot tell.
   */
  async records(name: string): Promise<readonly SrvRecord[]> {
    try {
      return await this.#resolver.resolveSrv(name);
    } catch (thrown) {
      const code = codeOf(thrown);
      if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
      throw new ServiceError('Unavailable', `DNS cannot tell the records of ${name}: ${code ?? String(thrown)}`, {
        executed: 'no',
        cause: thrown,
      });
    }
  }

  /** Ends all that are under way: they reject. */
  cancel(): void {
    this.#resolver.cancel();
  }
}

function codeOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
