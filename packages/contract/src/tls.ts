/** Certificates and keys in PEM form, each as text or bytes, a chain or bundle in one. */
export interface TlsMaterial {
  /** Whom to trust. Default: the authorities that Node.js comes with. */
  readonly ca?: string | Uint8Array | undefined;
  /** This side's certificate, followed by what leads to its authority. A server needs one. */
  readonly cert?: string | Uint8Array | undefined;
  /** The key of `cert`. */
  readonly key?: string | Uint8Array | undefined;
}

/**
 * How the wires of an app are encrypted: bound once, used by its server's port and by every transport that dials.
 *
 * Where it is bound nothing is sent or accepted in the clear: there is no falling back.
 */
export abstract class Tls {
  /** The newest material. Read again after `onChange`; connections that are open keep what they began with. */
  abstract readonly material: TlsMaterial;
  /** Whether a peer that shows no certificate of a trusted authority is refused. */
  abstract readonly mutual: boolean;
  /** The oldest version that is spoken. */
  abstract readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /**
   * The name that a server's certificate must carry. Undefined: the host that was dialled; a certificate whose URI names
   * the service in SPIFFE's form is accepted for an address too.
   */
  abstract readonly serverName: string | undefined;
  /** Calls `listener` after each change of the material, until the returned function is called. */
  abstract onChange(listener: () => void): () => void;
}
