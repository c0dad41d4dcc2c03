/**
 * Bytes of go-micro v6.10 peers, recorded on loopback (see docs/wire/http.md). Header lines as they came.
 */

/** A unary request of go-micro's client. */
export const goRequest = [
  'POST / HTTP/1.1',
  'Host: 127.0.0.1:39749',
  'User-Agent: Go-http-client/1.1',
  'Content-Length: 14',
  'Accept: application/json',
  'Content-Type: application/json',
  'Micro-Endpoint: Greeter.Hello',
  'Micro-From-Service: tester',
  'Micro-Id: 0',
  'Micro-Method: Greeter.Hello',
  'Micro-Service: greeter',
  'Timeout: 5000000000',
  'X-Request-Id: abc',
  '',
  '{"name":"A0"}\n',
].join('\r\n');

/** A reply of go-micro's server: all but the type, the length and the body is an echo of an earlier request. */
export const goReply = [
  'HTTP/1.1 200 OK',
  'Content-Length: 19',
  'Accept: application/json',
  'Content-Type: application/json',
  'Micro-Endpoint: Greeter.Hello',
  'Micro-From-Service: tester',
  'Micro-Id: 0',
  'Micro-Method: Greeter.Hello',
  'Micro-Service: greeter',
  'Timeout: 5000000000',
  'User-Agent: Go-http-client/1.1',
  'X-Request-Id: abc',
  '',
  '{"msg":"Hello A1"}\n',
].join('\r\n');

/** The value of `Micro-Error` of a handler that returned a go-micro error. */
export const goErrorText = '{"id":"greeter","code":404,"detail":"no such x","status":"Not Found"}';

/** A failed call's reply of go-micro's server. */
export const goErrorReply = [
  'HTTP/1.1 200 OK',
  'Content-Type: application/json',
  `Micro-Error: ${goErrorText}`,
  `X-Micro-Error: ${goErrorText}`,
  'Content-Length: 0',
  'Micro-Endpoint: Greeter.Hello',
  'Micro-Id: 0',
  '',
  '',
].join('\r\n');

/** A reply of go-micro's server to a type that it has no codec for. */
export const goUnsupported = [
  'HTTP/1.1 200 OK',
  'Content-Length: 41',
  'Content-Type: text/plain',
  'Micro-Endpoint: Greeter.Hello',
  '',
  'unsupported Content-Type: application/xml',
].join('\r\n');
