import type { CodecFixture, FixtureFactory } from '@tenon/conformance';
import type { Codec } from '@tenon/contract';
import { jsonFixtures } from './codec-fixture.js';
import { type LinkingFault, LinkingSession, NameLists } from './linking-codec.js';

/** JSON whose sessions link, or one that is wrong in one way. */
export function linkingFixtures(fault: LinkingFault | 'all connections share' = 'none'): FixtureFactory<CodecFixture> {
  const json = jsonFixtures();
  return {
    async create() {
      const fixture = await json.create();
      const shared = new NameLists();
      const codec: Codec = {
        ...fixture.codec,
        links: true,
        open(link) {
          if (link?.linked !== true) return fixture.codec.open();
          return fault === 'all connections share' ? new LinkingSession('none', shared) : new LinkingSession(fault);
        },
      };
      return { ...fixture, codec };
    },
  };
}

/** JSON that does not say that it links, or says so in vain. */
export function halfLinkingFixtures(links: boolean): FixtureFactory<CodecFixture> {
  const json = jsonFixtures();
  return {
    async create() {
      const fixture = await json.create();
      const open: Codec['open'] = (link) =>
        links || link?.linked !== true ? fixture.codec.open() : new LinkingSession();
      return { ...fixture, codec: { ...fixture.codec, links, open } };
    },
  };
}
