import { Buffer } from 'node:buffer';
import { METHODS } from 'node:http';
import {
  type ConnectionClaim,
  type Http2Claim,
  type HttpClaim,
  type HttpConnectionClaim,
  ServiceError,
} from '@tenon/contract';
import type { AnsweredPaths } from './answered-paths.js';
import { http2Preface, tlsStart } from './first-bytes.js';

/** Everything that was claimed on a port, in the order in which it came. */
export class PortClaims {
  readonly http: HttpClaim[] = [];
  readonly http2: Http2Claim[] = [];
  readonly httpConnections: HttpConnectionClaim[] = [];
  readonly connections: ConnectionClaim[] = [];
  /** What the port answers itself: no claim, so that a port without any opens nothing. */
  paths: AnsweredPaths | undefined;

  get none(): boolean {
    return this.http.length + this.httpConnections.length + this.http2.length + this.connections.length === 0;
  }

  get servesHttp1(): boolean {
    return this.http.length > 0 || this.httpConnections.length > 0 || this.paths !== undefined;
  }

  get servesHttp2(): boolean {
    return this.http2.length > 0;
  }

  /** The protocols as ALPN names them, best first: what a claimant brought itself goes before HTTP. */
  get alpn(): readonly string[] {
    const names = this.connections.map((claim) => claim.alpn);
    if (this.servesHttp2) names.push('h2');
    if (this.servesHttp1) names.push('http/1.1');
    return names;
  }

  /** For errors: who is here. */
  get names(): string {
    const all = [...this.connections, ...this.http2, ...this.httpConnections, ...this.http];
    return [...new Set(all.map((claim) => claim.name))].join(', ');
  }

  /** @throws ServiceError `InvalidArgument` where the claim could be taken for another, or for HTTP or TLS. */
  addConnection(claim: ConnectionClaim): void {
    const { name, firstBytes, alpn } = claim;
    if (firstBytes.length < 1 || firstBytes.length > maxFirstBytes) {
      throw invalid(`${name}: firstBytes are ${firstBytes.length} bytes; they must be 1 to ${maxFirstBytes}`);
    }
    if (alpn === '' || Buffer.byteLength(alpn) > 255 || httpAlpn.has(alpn)) {
      throw invalid(`${name}: '${alpn}' is no name of a protocol of its own for ALPN`);
    }
    for (const { what, bytes } of httpAndTls()) {
      if (overlap(firstBytes, bytes)) throw invalid(`${name}: its firstBytes look like ${what}`);
    }
    for (const other of this.connections) {
      if (overlap(firstBytes, other.firstBytes))
        throw invalid(`${name}: its firstBytes look like those of ${other.name}`);
      if (alpn === other.alpn) throw invalid(`${name}: ${other.name} has the name '${alpn}' under ALPN already`);
    }
    this.connections.push(claim);
  }
}

/** As many as HTTP/2's own preface has. */
const maxFirstBytes = 24;

const httpAlpn: ReadonlySet<string> = new Set(['h2', 'http/1.0', 'http/1.1']);

function* httpAndTls(): Iterable<{ readonly what: string; readonly bytes: Uint8Array }> {
  yield { what: 'TLS', bytes: Buffer.from(tlsStart, 'latin1') };
  yield { what: 'HTTP/2', bytes: Buffer.from(http2Preface, 'latin1') };
  for (const method of METHODS) yield { what: `HTTP's ${method}`, bytes: Buffer.from(`${method} `, 'latin1') };
}

/** Whether one begins with the other. */
function overlap(one: Uint8Array, other: Uint8Array): boolean {
  const length = Math.min(one.length, other.length);
  return Buffer.compare(one.subarray(0, length), other.subarray(0, length)) === 0;
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}
