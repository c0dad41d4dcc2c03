/** What is done to the datagrams that go one way through a {@link UdpFaultProxy}. */
export interface UdpFault {
  /** For people: `20 % lost`. */
  readonly name: string;
  /** Called once for each direction of each peer. */
  flow(send: (datagram: Buffer) => void): UdpFlow;
}

/** The datagrams of one direction of one peer, on their way through a fault. */
export interface UdpFlow {
  take(datagram: Buffer): void;
  /** The fault is over: hand on what is held back, and stop timers. */
  stop?(): void;
}
