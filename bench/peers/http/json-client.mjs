import { Pool } from 'undici';

/** A client of JSON over HTTP/1.1: undici's pool by its dispatcher, a connection for each call under way. */
export function connectJson(address) {
  const pool = new Pool(address, { connections: 256, pipelining: 1 });
  const post = (path) => async (request) => {
    const { statusCode, body } = await pool.request({
      path,
      method: 'POST',
      headers,
      body: JSON.stringify(request),
    });
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${await body.text()}`);
    return body.json();
  };
  return { small: post('/small'), records: post('/records'), close: () => pool.destroy() };
}

const headers = { 'content-type': 'application/json' };
