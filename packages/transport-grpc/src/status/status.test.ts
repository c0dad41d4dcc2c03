import type { IncomingHttpHeaders } from 'node:http2';
import { type Code, codes, ServiceError } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../test/seeded.js';
import { errorFields } from './error-fields.js';
import { errorOfFields, errorOfHttpStatus } from './field-error.js';
import { readStatus, writeErrorInfo, writeGoMicroError, writeStatus } from './rpc-status.js';

const place = { logger: silentLogger(), goMicro: false, service: 'orders', endpoint: 'Orders.Find' };

function travelled(error: ServiceError, changes: Partial<typeof place> = {}): ServiceError | undefined {
  return errorOfFields(errorFields(error, { ...place, ...changes }) as IncomingHttpHeaders);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

describe('between Tenon nodes', () => {
  test.each(Object.keys(codes) as Code[])('%s arrives whole', (code) => {
    const error = new ServiceError(code, 'no order 42: Zoë\nsaid "no"', {
      details: { field: 'name', limits: [1, 2], nested: { ok: true, none: null } },
      executed: 'yes',
      service: 'orders',
      endpoint: 'Orders.Find',
      node: 'node-1',
      correlationId: 'c-17',
    });
    for (const goMicro of [false, true]) {
      const arrived = travelled(error, { goMicro });
      expect(arrived?.toRecord()).toEqual(error.toRecord());
      expect(arrived?.answered).toBe(true);
    }
  });

  test('a refusal arrives as one', () => {
    const refused = new ServiceError('Unavailable', 'leaving', { executed: 'no', refusal: 'draining' });
    expect(travelled(refused)).toMatchObject({ executed: 'no', refusal: 'draining', details: undefined });
  });

  test('the status that strangers see may be another than the code', () => {
    const fields = errorFields(new ServiceError('InvalidArgument', 'no codec'), {
      ...place,
      statusCode: 'Unimplemented',
    });
    expect(fields['grpc-status']).toBe('12');
    expect(errorOfFields(fields as IncomingHttpHeaders)?.code).toBe('InvalidArgument');
  });

  test('details that are messages travel as they are', () => {
    const details = [{ typeUrl: 'type.googleapis.com/google.rpc.BadRequest', value: Buffer.from([10, 0]) }];
    const arrived = travelled(new ServiceError('InvalidArgument', 'bad', { details }));
    expect(arrived?.details).toEqual([{ typeUrl: details[0]?.typeUrl, value: new Uint8Array([10, 0]) }]);
  });

  test('details that cannot be sent are left out, and the error is not', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const details of [cycle, { blob: 'x'.repeat(10_000) }, 5n, Number.NaN, () => 1]) {
      const arrived = travelled(new ServiceError('Aborted', 'told', { details, executed: 'yes' }));
      expect(arrived).toMatchObject({ code: 'Aborted', rawMessage: 'told', executed: 'yes' });
      expect(arrived?.details ?? undefined).toBeUndefined();
    }
  });

  test('fields stay small, however long the message is', () => {
    const fields = errorFields(new ServiceError('Aborted', 'x'.repeat(100_000), { details: 'y'.repeat(5_000) }), place);
    expect(JSON.stringify(fields).length).toBeLessThan(14_000);
    expect(errorOfFields(fields as IncomingHttpHeaders)?.rawMessage).toMatch(/^x{4096}…$/);
  });
});

describe('from strangers', () => {
  test('a status alone', () => {
    expect(errorOfFields({ 'grpc-status': '0' })).toBeUndefined();
    expect(errorOfFields({ 'grpc-status': '5', 'grpc-message': 'no%20%C3%AB' })).toMatchObject({
      code: 'NotFound',
      rawMessage: 'no ë',
      executed: 'maybe',
      answered: true,
      details: undefined,
    });
  });

  test.each(['17', '-1', '', 'x', '1e1', undefined])('status %j is Unknown', (status) => {
    expect(errorOfFields({ 'grpc-status': status })).toMatchObject({ code: 'Unknown', executed: 'maybe' });
  });

  test('their details arrive as messages', () => {
    const value = writeErrorInfo({ reason: 'QUOTA', domain: 'example.com', metadata: { executed: 'no' } });
    const typeUrl = 'type.googleapis.com/google.rpc.ErrorInfo';
    const bytes = writeStatus({ code: 8, message: 'm', details: [{ typeUrl, value }] });
    const error = errorOfFields({ 'grpc-status': '8', 'grpc-status-details-bin': base64(bytes) });
    expect(error).toMatchObject({ code: 'ResourceExhausted', executed: 'maybe' });
    expect(error?.details).toEqual([{ typeUrl, value }]);
  });

  test("go-micro's error is read for its message and id", () => {
    const value = writeGoMicroError({ id: 'go.micro.srv', code: 409, detail: 'taken', status: 'Conflict' });
    const details = [{ typeUrl: 'type.googleapis.com/errors.Error', value }];
    const bytes = writeStatus({ code: 2, message: '{"id":…}', details });
    expect(errorOfFields({ 'grpc-status': '2', 'grpc-status-details-bin': base64(bytes) })).toMatchObject({
      code: 'AlreadyExists',
      rawMessage: 'taken',
      details: { id: 'go.micro.srv' },
    });
  });

  test("go-micro's client finds its own error first", () => {
    const fields = errorFields(new ServiceError('NotFound', 'no order'), { ...place, goMicro: true });
    const status = readStatus(Buffer.from(String(fields['grpc-status-details-bin']), 'base64'));
    expect(status.details[0]?.typeUrl).toBe('type.googleapis.com/errors.Error');
  });

  test.each([
    '',
    '*',
    'AAAA',
    base64(new Uint8Array(200).fill(255)),
    base64(Buffer.from([26, 255, 255, 255, 255, 15])),
  ])('details that cannot be read (%j) are left out', (encoded) => {
    const error = errorOfFields({ 'grpc-status': '3', 'grpc-message': 'm', 'grpc-status-details-bin': encoded });
    expect(error).toMatchObject({ code: 'InvalidArgument', rawMessage: 'm', details: undefined });
  });

  test('what is not gRPC says what came instead', () => {
    expect(errorOfHttpStatus(503, 'text/html')).toMatchObject({ code: 'Unavailable', executed: 'maybe' });
    expect(errorOfHttpStatus(404, undefined)).toMatchObject({ code: 'Unimplemented', executed: 'no' });
    expect(errorOfHttpStatus(418, 'x').rawMessage).toContain('418');
  });

  test('20,000 generated details break nothing', () => {
    const whole = errorFields(
      new ServiceError('Aborted', 'told', { details: { a: [1, 'b', null] }, executed: 'no' }),
      place,
    );
    const bytes = Buffer.from(String(whole['grpc-status-details-bin']), 'base64');
    const next = seeded(36);
    for (let turn = 0; turn < 20_000; turn += 1) {
      const broken = Buffer.from(bytes.subarray(0, 1 + next(bytes.length)));
      for (let change = next(4); change > 0; change -= 1) broken[next(broken.length)] = next(256);
      const error = errorOfFields({ 'grpc-status': '10', 'grpc-status-details-bin': broken.toString('base64') });
      expect(error).toBeInstanceOf(ServiceError);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
