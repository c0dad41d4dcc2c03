import { ServiceError, type TlsMaterial } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** How an app's wires are encrypted. The material comes from `ca`, `cert` and `key`, or from `load`. */
export interface TlsOptions {
  /**
   * Whom to trust: PEM as text (it has a `-----BEGIN` in it) or bytes, or the path of a PEM file. Default: the authorities
   * that Node.js comes with; `mutual` wants one of your own.
   */
  readonly ca?: string | Uint8Array | undefined;
  /** This side's certificate and what leads to its authority, as `ca`. A server needs one; `key` goes with it. */
  readonly cert?: string | Uint8Array | undefined;
  /** The key of `cert`, as `ca`. Without a passphrase. */
  readonly key?: string | Uint8Array | undefined;
  /** Fetches the material, for example from a secret store, at start and each `reloadMs`. Instead of the three above. */
  readonly load?: (() => TlsMaterial | Promise<TlsMaterial>) | undefined;
  /**
   * How often files are read, or `load` is called, again, in milliseconds. What has changed and is good holds for new
   * connections; what is not is logged, and the old stays. Range 100 to `Infinity`, which is never. Default 10,000: the
   * content is compared, not the file's time, so that it is the same for files, links and mounted secrets.
   */
  readonly reloadMs?: number | undefined;
  /** Whether a peer must show a certificate of `ca`. Default false. */
  readonly mutual?: boolean | undefined;
  /** The oldest version that is spoken. Default `TLSv1.3`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  /** The name that a server's certificate must carry. Default: the host that was dialled, or the service's SPIFFE id. */
  readonly serverName?: string | undefined;
}

/** {@link TlsOptions}, filled and checked. */
export interface ResolvedTlsOptions {
  readonly ca: string | Uint8Array | undefined;
  readonly cert: string | Uint8Array | undefined;
  readonly key: string | Uint8Array | undefined;
  readonly load: (() => TlsMaterial | Promise<TlsMaterial>) | undefined;
  readonly reloadMs: number;
  readonly mutual: boolean;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly serverName: string | undefined;
}

/** @throws ServiceError `InvalidArgument` that names the option. */
export function resolveTlsOptions(options: TlsOptions): ResolvedTlsOptions {
  const { ca, cert, key, load, serverName } = options;
  const { mutual = false, minVersion = 'TLSv1.3' } = options;
  if (load !== undefined && (ca ?? cert ?? key) !== undefined) {
    throw invalid('tls.load stands instead of tls.ca, tls.cert and tls.key; give the one or the others');
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid('tls.cert and tls.key go together; give both or neither');
  }
  if (mutual && load === undefined && ca === undefined) throw invalid(mutualWantsAuthority);
  if (minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3') {
    throw invalid(`tls.minVersion is ${String(minVersion)}; it must be TLSv1.2 or TLSv1.3`);
  }
  if (serverName === '') throw invalid('tls.serverName is empty; leave it out to expect the host that is dialled');
  const range = { min: 100, max: Number.POSITIVE_INFINITY, fallback: 10 * 1_000 };
  const reloadMs = checkedNumber('tls.reloadMs', options.reloadMs, range);
  return Object.freeze({ ca, cert, key, load, reloadMs, mutual, minVersion, serverName });
}

/** Without an authority of one's own, whoever holds any certificate of a public one would be let in. */
export const mutualWantsAuthority = 'tls.mutual wants tls.ca: the authority whose certificates are let in';

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}
