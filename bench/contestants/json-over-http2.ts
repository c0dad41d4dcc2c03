import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import type { ServiceRecord } from 'tenon';
import type { Small } from '../workload/payloads.js';
import type { Connected } from './contestant.js';

// A client of JSON over HTTP/2 in the clear as anybody would write it with Node.js: one session, a stream for each call.

export async function connect(address: string): Promise<Connected> {
  const [record] = JSON.parse(address) as readonly ServiceRecord[];
  const session = connectHttp2(`http://${record?.nodes[0]?.address}`);
  await once(session, 'remoteSettings');
  return {
    small: (request) => post(session, '/echo/Echo.Small', request),
    close: async () => {
      session.close();
      await once(session, 'close');
    },
  };
}

function post(session: ClientHttp2Session, path: string, request: Small): Promise<Small> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ...head, ':path': path });
    let [status, text] = ['', ''];
    stream.setEncoding('utf8');
    stream.on('response', (fields: IncomingHttpHeaders) => {
      status = String(fields[':status']);
    });
    stream.on('data', (piece: string) => {
      text += piece;
    });
    stream.on('error', reject);
    stream.on('end', () => {
      if (status === '200') resolve(JSON.parse(text) as Small);
      else reject(new Error(`${path} answered ${status}: ${text}`));
    });
    stream.end(JSON.stringify(request));
  });
}

const head = { ':method': 'POST', 'content-type': 'application/json' };
