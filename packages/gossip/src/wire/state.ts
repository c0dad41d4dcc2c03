import { type Alive, livingFields, messageType, name, uint } from './message.js';
import { MsgpackReader, malformed, type WireFields, writeFields } from './msgpack.js';

/** What one member thinks of another. The order is memberlist's numbering. */
export const memberStates = Object.freeze(['alive', 'suspect', 'dead', 'left'] as const);
export type MemberState = (typeof memberStates)[number];

/** One member in an exchanged state. */
export interface StateEntry extends Alive {
  readonly state: MemberState;
}

/** All that one member knows, as it is exchanged over a stream. */
export interface ExchangedState {
  readonly isJoin: boolean;
  readonly members: readonly StateEntry[];
  /** What the application above adds. */
  readonly userState: Buffer;
}

/** The head of an exchange: how much follows. */
export interface StateHead {
  readonly isJoin: boolean;
  readonly memberCount: number;
  readonly userBytes: number;
}

export function writeState({ isJoin, members, userState }: ExchangedState): Buffer {
  const head = writeFields({ Nodes: members.length, UserStateLen: userState.length, Join: isJoin });
  const entries = members.map((member) =>
    writeFields({
      Name: member.node,
      Addr: member.address,
      Port: member.port,
      Meta: member.meta,
      Incarnation: member.incarnation,
      State: memberStates.indexOf(member.state),
      Vsn: member.versions,
    }),
  );
  return Buffer.concat([Buffer.of(messageType.pushPull), head, ...entries, userState]);
}

export function stateHead(fields: WireFields, maxBytes: number): StateHead {
  return {
    isJoin: fields.get('Join') === true,
    memberCount: uint(fields, 'Nodes', maxStateMembers),
    userBytes: uint(fields, 'UserStateLen', maxBytes),
  };
}

export function stateEntry(fields: WireFields): StateEntry {
  const state = memberStates[uint(fields, 'State')];
  if (state === undefined) throw malformed('a member has a state that is not known');
  return { node: name(fields, 'Name'), state, ...livingFields(fields) };
}

/** A whole state that is in memory, without its type byte: for tests, and for whoever has read it to its end. */
export function readState(bytes: Buffer): ExchangedState {
  const reader = new MsgpackReader(bytes);
  const { isJoin, memberCount, userBytes } = stateHead(reader.fields(), bytes.length);
  const members: StateEntry[] = [];
  for (let left = memberCount; left > 0; left -= 1) members.push(stateEntry(reader.fields()));
  const userState = bytes.subarray(reader.position, reader.position + userBytes);
  if (userState.length < userBytes) throw malformed('a state is cut off');
  return { isJoin, members, userState };
}

/** memberlist takes a million; a member of ours keeps 20,000 at most. */
const maxStateMembers = 20_000;
