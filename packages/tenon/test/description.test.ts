import { IsString } from 'class-validator';
import { anything, createApp, Endpoint, Service } from 'tenon';
import { expect, test } from 'vitest';
import { bannerOf } from '../src/app/description.js';

class Question {
  @IsString() text!: string;
}

class Unknown {
  [name: string]: unknown;
}

@Service('oracle')
class Oracle {
  @Endpoint({ response: Question })
  echo(question: Question): Question {
    return question;
  }

  @Endpoint()
  answer({ text }: Question): { readonly answer: string } {
    return { answer: text };
  }

  @Endpoint({ request: anything, response: Unknown })
  muse(thought: unknown): Unknown {
    return { thought };
  }
}

@Service('parrot')
class Parrot {
  @Endpoint({ response: Question })
  say(question: Question): Question {
    return question;
  }
}

test('an app says of each endpoint why its values go plain, and counts those when it starts', async () => {
  const app = await createApp({ profile: 'test', services: [Oracle], log: { level: 'silent' } });
  const description = app.describe();
  expect(description.services[0]?.endpoints.map(({ name, plain }) => [name, plain])).toEqual([
    ['Oracle.Echo', []],
    ['Oracle.Answer', ['its reply has no class: say @Endpoint({ response: TheClass })']],
    [
      'Oracle.Muse',
      [expect.stringContaining('Standard Schema'), expect.stringMatching(/^Unknown has no field that is known/)],
    ],
  ]);
  expect(bannerOf(description)).toMatch(/^2 of 3 endpoints could be faster .*app\.describe\(\)/m);
  await app.close();
});

test('an app says which options are in force, and no secret of them', async () => {
  // Nothing reads it before something is put under TLS.
  const [cert, key] = ['no certificate', 'a PRIVATE KEY'];
  const app = await createApp({
    profile: 'test',
    server: { ttlMs: 9_000 },
    client: { timeoutMs: 2_000 },
    tls: { cert, key },
    drainTimeoutMs: 7_000,
    log: { level: 'silent' },
  });
  const { options } = app.describe();
  expect(options).toMatchObject({
    server: { ttlMs: 9_000, maxDeadlineMs: 60_000, queue: { targetMs: 5 } },
    client: { timeoutMs: 2_000, idleConnectionMs: 60_000 },
    tls: true,
    drainTimeoutMs: 7_000,
    closeTimeoutMs: 5_000,
  });
  expect(JSON.stringify(app.describe())).not.toContain('PRIVATE KEY');
  await app.close();
});

test('where nothing is to be gained nothing is said', async () => {
  const app = await createApp({ profile: 'test', services: [Parrot], log: { level: 'silent' } });
  expect(bannerOf(app.describe())).not.toContain('faster');
  await app.close();
});
