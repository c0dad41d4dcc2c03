import type { Clock, Codec, Listener, Node, Port, Transport } from '@tenon/contract';
import type { Fixture } from '../suite.js';

/**
 * A transport under test: the side that calls, and as many sides that answer as a case asks for.
 *
 * The codecs given to the two sides come from {@link clientSideCodecs} and {@link serverSideCodecs}, which add what the
 * suite needs to send bytes that the other side cannot read.
 */
export interface TransportFixture extends Fixture {
  /** The calling side, made with `clientSideCodecs(codecs)`. */
  readonly client: Transport;
  /** The calling side's clock. Real time: cases wait for deadlines of some 100 ms. */
  readonly clock: Clock;
  /** The codecs that both sides have. At least one; two show that they work side by side. */
  readonly codecs: readonly Codec[];
  /** Where nobody listens, in a form that the transport reaches. */
  readonly nobody: Node;
  /**
   * The most bytes that this wire may take from a producer of messages while nobody reads them. Default 2 MiB; more only
   * where nothing but the kernel's socket buffers bounds it.
   */
  readonly wireBufferBytes?: number;
  /** A fresh answering side, not listening yet. `dispose` closes its port; the case closes its listener. */
  serve(): Promise<TransportServerSide>;
}

/** A way to an answering side, see `TransportServerSide.openFreezable`. */
export interface FreezableWay {
  readonly node: Node;
  /** From now on nothing gets through, in either direction, and nobody is told. `dispose` of the fixture undoes it. */
  freeze(): void;
}

/** An answering side. The suite calls `transport.listen(port, …)`, then `open`. */
export interface TransportServerSide {
  /** May be the same instance as the client. Made with `serverSideCodecs(codecs)`. */
  readonly transport: Transport;
  /** This side's clock. Give it another origin than the client's, as two machines have, where the transport allows. */
  readonly clock: Clock;
  /** Give it a limit of 256 KiB: every value of the suite fits, and a test can afford to exceed it. */
  readonly port: Port;
  /** Opens the port, where it has a socket, and says under which node it can be dialled. */
  open(listener: Listener): Promise<Node>;
  /**
   * The same by a way that can be frozen, for a relay between the two sides: what is connected stays connected, and nothing
   * comes any more, as with a process that was stopped or a cable that was cut. To be had where connections have `probe`.
   */
  openFreezable?(listener: Listener): Promise<FreezableWay>;
  /** Makes this side vanish as a killed process does: its links break, and nobody can be reached there any more. */
  vanish(): Promise<void>;
}
