import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { ServiceError, type TlsMaterial } from '@tenon/contract';
import { mutualWantsAuthority } from './tls-options.js';
import type { TlsPart, TlsParts } from './tls-source.js';

/**
 * Material that can be used now.
 *
 * The key does not show when the result is printed or turned into JSON.
 *
 * @param nowMs - the wall clock, in milliseconds since 1970.
 * @throws ServiceError `FailedPrecondition` that names the part, its file and the mend; never the key.
 */
export function checkedTlsMaterial(parts: TlsParts, mutual: boolean, nowMs: number): TlsMaterial {
  const { ca, cert, key } = parts;
  if (ca !== undefined) certificateOf(ca);
  else if (mutual) throw failed(mutualWantsAuthority);
  if (cert !== undefined) {
    if (key === undefined) throw failed(`${cert.name} has no key; give tls.key too`);
    const certificate = certificateOf(cert);
    checkTime(cert, certificate, nowMs);
    if (!certificate.checkPrivateKey(privateKeyOf(key))) {
      throw failed(`${key.name} is not the key of ${cert.name}; give the one that the certificate was made for`);
    }
  }
  const material = { ca: ca?.pem, cert: cert?.pem };
  return Object.freeze(Object.defineProperty(material, 'key', { value: key?.pem, enumerable: false }));
}

/** The first certificate of a chain or bundle. */
function certificateOf({ name, pem }: TlsPart): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (thrown) {
    throw failed(`${name} is no certificate in PEM form; it must begin with -----BEGIN CERTIFICATE-----`, thrown);
  }
}

function checkTime({ name }: TlsPart, certificate: X509Certificate, nowMs: number): void {
  const { validFrom, validTo } = certificate;
  if (Date.parse(validTo) <= nowMs) throw failed(`${name} expired at ${validTo}; renew it`);
  if (Date.parse(validFrom) > nowMs)
    throw failed(`${name} is valid from ${validFrom} only; compare this machine's clock`);
}

function privateKeyOf({ name, pem }: TlsPart): KeyObject {
  if (pem.includes('ENCRYPTED'))
    throw failed(`${name} is locked by a passphrase; give it unlocked, in a protected file`);
  try {
    return createPrivateKey(pem);
  } catch {
    // Not even as a cause: nothing that was made of a key goes into an error.
    throw failed(`${name} is no private key in PEM form`);
  }
}

function failed(message: string, cause?: unknown): ServiceError {
  return new ServiceError('FailedPrecondition', message, { cause, executed: 'no' });
}
