/**
 * What is done to the bytes that go one way through a {@link FaultProxy}. One object describes the fault; each direction of
 * each connection has a {@link Flow} of its own. Those that the package brings are made by `faults`; write your own by
 * implementing this.
 */
export interface Fault {
  /** For people: `latency of 50 ± 10 ms`. */
  readonly name: string;
  /** Whether connections that come while it holds are carried on to the target. Default true. */
  readonly dials?: boolean;
  /** Called once for each direction of each connection: those that live when it is injected, and those that come later. */
  flow(outlet: Outlet): Flow;
}

/** The bytes of one direction of one connection, on their way through a fault. */
export interface Flow {
  /** Gets what was read, in order. Absent: nothing is read, and what the sender still sends stays with the system. */
  take?(chunk: Buffer): void;
  /** The sender has ended its side. Absent: that is passed on at once. */
  end?(): void;
  /** The fault is over, or the connection is: hand on what is held back, and stop timers. */
  stop?(): void;
}

/** Where a flow puts what it lets through. After the connection has ended nothing here does anything. */
export interface Outlet {
  send(chunk: Buffer): void;
  /** Passes on that the sender has ended its side. */
  end(): void;
  /** While held, nothing more is read from the sender. */
  hold(isHeld: boolean): void;
  /** Ends the connection both ways, after what was sent has left. */
  close(): void;
}
