import { testedRow } from '../harness/tested-row.js';

export const mdns = testedRow({
  id: 'R-19',
  fault: 'mDNS: a goodbye that never comes, two nodes of one name, 1,000 announcers, somebody who asks again and again',
  bar: 'gone at its TTL; one is left; all are found; ≤ 1 reply a second for a record; avahi-browse agrees both ways',
  covers: 'on multicast of their own networks, with avahi 0.8',
  tests: [
    {
      file: 'packages/registry-mdns/test/strangers.test.ts',
      titles: [
        'avahi-browse sees us, we see what avahi publishes, and both see the goodbye',
        'a killed node is gone after its time to live, one that ends at once',
      ],
    },
    {
      file: 'packages/registry-mdns/test/living-together.test.ts',
      titles: [
        'of two that register one node together one is left',
        'a node that leaves is gone where its first goodbye was lost, and stays where it was registered anew meanwhile',
        'however often it is asked, a record is sent to everybody once a second at most',
        '1,000 announcers are all found',
      ],
    },
  ],
});
