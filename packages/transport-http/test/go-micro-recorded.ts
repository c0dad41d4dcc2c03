/** What processes of go-micro v6.10 said, as it came off the wire; latin1. */

const clientHead = (length: string, more = ''): string =>
  `POST / HTTP/1.1\r\nHost: 127.0.0.1:38222\r\nUser-Agent: Go-http-client/1.1\r\n${length}\r\nAccept: application/json\r\n` +
  `Content-Type: application/json\r\nMicro-Endpoint: Greeter.Chat\r\n${more}Micro-Id: 0\r\nMicro-Method: Greeter.Chat\r\n` +
  'Micro-Service: greeter\r\nMicro-Stream: 0\r\nX-From: Zo\xc3\xab\r\n\r\n';

/** A client's stream: opened, and two messages behind it, in one segment. */
export const goStreamStart =
  `${clientHead('Content-Length: 19')}{"name":"","to":0}\n` +
  `${clientHead('Content-Length: 22')}{"name":"one","to":0}\n` +
  `${clientHead('Content-Length: 22')}{"name":"two","to":0}\n`;

/** Its `Close`, in two segments; the end of the connection followed. */
export const goStreamClose: readonly string[] = [
  clientHead('Transfer-Encoding: chunked', 'Micro-Error: EOS\r\n'),
  '0\r\n\r\n',
];

/** A client's unary call in json-rpc. */
export const goRpcRequest =
  'POST / HTTP/1.1\r\nHost: 127.0.0.1:38222\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 68\r\n' +
  'Accept: application/json-rpc\r\nContent-Type: application/json-rpc\r\nMicro-Endpoint: Greeter.Hello\r\nMicro-Id: 0\r\n' +
  'Micro-Method: Greeter.Hello\r\nMicro-Service: greeter\r\nTimeout: 5000000000\r\nX-From: Zo\xc3\xab\r\n\r\n' +
  '{"params":[{"name":"Go","to":0}],"id":"0","method":"Greeter.Hello"}\n';

const serverHead = (endpoint: string): string =>
  `Content-Type: application/json\r\nMicro-Endpoint: Greeter.${endpoint}\r\nMicro-Id: 5\r\nMicro-Method: Greeter.${endpoint}\r\n` +
  `Micro-Service: gogreeter\r\nMicro-Stream: 5\r\nX-Micro-Endpoint: Greeter.${endpoint}\r\nX-Micro-Method: Greeter.${endpoint}\r\n` +
  'X-Micro-Service: gogreeter\r\n\r\n';

/** A server's answers to two messages. To the `EOS` behind them it said nothing, but ended the connection where it was asked to. */
export const goChatReplies: readonly string[] = [
  `HTTP/1.1 200 OK\r\nContent-Length: 33\r\n${serverHead('Chat')}{"msg":"got one","n":0,"left":0}\n`,
  `HTTP/1.1 200 OK\r\nContent-Length: 33\r\n${serverHead('Chat')}{"msg":"got two","n":0,"left":0}\n`,
];

/** A server's stream of replies that ends in an error. */
export const goCountReplies: readonly string[] = [
  `HTTP/1.1 200 OK\r\nContent-Length: 26\r\n${serverHead('Count')}{"msg":"","n":1,"left":0}\n` +
    `HTTP/1.1 200 OK\r\nContent-Length: 26\r\n${serverHead('Count')}{"msg":"","n":2,"left":0}\n`,
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMicro-Endpoint: Greeter.Count\r\n' +
    'Micro-Error: {"id":"gogreeter","code":400,"detail":"boom","status":"Bad Request"}\r\nMicro-Id: 5\r\n' +
    'Micro-Method: Greeter.Count\r\nMicro-Service: gogreeter\r\nMicro-Stream: 5\r\n' +
    'X-Micro-Error: {"id":"gogreeter","code":400,"detail":"boom","status":"Bad Request"}\r\nContent-Length: 0\r\n\r\n',
];
