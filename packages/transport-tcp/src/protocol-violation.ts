/**
 * The peer sent what the protocol does not allow. Thrown by whatever reads; the link answers GOAWAY with the reason and
 * closes the connection.
 */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}
