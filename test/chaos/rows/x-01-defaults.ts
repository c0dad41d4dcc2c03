import type { Row } from '../harness/row.js';
import { type ReadBack, readObjects } from '../lab/defaults/read-back.js';
import { readWire } from '../lab/defaults/read-wire.js';
import { EtcdKeys } from '../lab/etcd-keys.js';

export const documentedDefaults: Row = {
  id: 'X-01',
  fault: 'none: an app with no options, and what the documentation says of it',
  bar: 'every default of the tables and docstrings is in force: in the objects that run, and on the wire where it shows there',
  quiet: true,

  async run(lab) {
    const [etcd, nats] = [await lab.server('etcd'), await lab.server('nats-server')];
    const environment = { PATH: process.env['PATH'], TENON_ETCD: etcd.address, TENON_NATS: nats.address };
    const clear = await lab.process('defaults', { tls: false }, { environment });
    const secure = await lab.process('defaults', { tls: true }, { environment });
    const objects = await readObjects(clear);
    const wire = await readWire(lab, { clear, secure, keys: new EtcdKeys(etcd.address) });
    const all = [...objects, ...wire];
    const unlike = all.filter(({ isSame }) => !isSame);
    return {
      n: all.length,
      figure: `${objects.length} defaults read from running objects and ${wire.length} from the wire, ${unlike.length} unlike the documentation`,
      passed: unlike.length === 0 && objects.length >= 60 && wire.length >= 20,
      ...(unlike.length === 0 ? {} : { notes: unlike.map(sentence).join('; ') }),
    };
  },
};

function sentence({ option, documented, found }: ReadBack): string {
  return `${option} is ${JSON.stringify(found)}, documented ${JSON.stringify(documented)}`;
}
