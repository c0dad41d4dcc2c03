import type { CodecFixture } from '@tenon/conformance';
import type { LinkingFault } from '../linking-codec.js';
import { halfLinkingFixtures, linkingFixtures } from '../linking-fixtures.js';
import type { Mutant } from './prove-cases.js';

const table = 'every value of the table comes back through linked sessions, however often it was said';
const once = 'what is repeated is announced once, and then makes messages smaller';
const growth = 'records with ever new keys do not use up what can be announced, and what is announced stays small';
const bounds = 'an announcement is learned from its bounds alone, and not referred to afterwards';
const cut = 'an announcement cut short at any byte is refused';

/** Codecs whose linked sessions mistake each other. */
export const codecLinkedMutants: readonly Mutant<CodecFixture>[] = [
  mutant(table, 'undefined fields move the others'),
  { caughtBy: table, fault: 'it says that it links, and does not', fixtures: halfLinkingFixtures(true) },
  { caughtBy: once, fault: 'it links without saying so', fixtures: halfLinkingFixtures(false) },
  mutant(once, 'nothing is announced'),
  mutant(once, 'all is announced again'),
  mutant('what was encoded before an announcement was taken needs none', 'a list is used before it is announced'),
  mutant('messages may be lost, late and in any order behind their announcements', 'messages are counted'),
  mutant('what refers to an announcement that was not learned is refused', 'what is not known reads as nothing'),
  mutant('two connections share nothing', 'all connections share'),
  mutant('a linked session reads what one that is not linked wrote', 'plain records are refused'),
  mutant('both directions of a connection are apart', 'both directions count together'),
  mutant(
    'a getter may encode with the same linked session, and take its announcement',
    'what is announced is used within the same value',
  ),
  mutant(
    'a linked session that grows its sink in the midst of a value keeps to the same',
    'the grown sink is forgotten',
  ),
  mutant(growth, 'dictionaries use up the numbers'),
  mutant(growth, 'there is no limit'),
  mutant('a getter that throws leaves nothing half-made to announce', 'half a list is announced'),
  mutant(cut, 'a cut announcement is ignored'),
  mutant(
    'random and damaged announcements are refused or learned, and never another error',
    'announcements end as a SyntaxError',
  ),
  mutant(bounds, 'learns from the start of the buffer'),
  mutant(bounds, 'learns when it is needed'),
  mutant('a name __proto__ in an announcement never touches a prototype', 'names are assigned'),
];

function mutant(caughtBy: string, fault: LinkingFault | 'all connections share'): Mutant<CodecFixture> {
  return { caughtBy, fault, fixtures: linkingFixtures(fault) };
}
