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

test('where nothing is to be gained nothing is said', async () => {
  const app = await createApp({ profile: 'test', services: [Parrot], log: { level: 'silent' } });
  expect(bannerOf(app.describe())).not.toContain('faster');
  await app.close();
});
