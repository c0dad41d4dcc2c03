import { IsString } from 'class-validator';
import { anything, Endpoint, Event, Service, Subscribe } from 'tenon';
import { expect, test } from 'vitest';

class Question {
  @IsString() text!: string;
}

class Answer {
  @IsString() text!: string;
  @IsString() by!: string;
}

@Event('question.asked')
class Asked {
  @IsString() question!: string;
}

test('a policy is what a policy is, whoever streams', () => {
  void Endpoint({
    idempotent: true,
    policy: { timeoutMs: 500, hedgeAfterMs: 20, waitForReady: true, priority: 'bulk' },
  });
  void Endpoint({ stream: 'server', response: Answer, policy: { timeoutMs: 60_000 } });
  // @ts-expect-error there is no such option
  void Endpoint({ policy: { retries: 3 } });
  // @ts-expect-error nor such a priority
  void Endpoint({ policy: { priority: 'urgent' } });
});

test('a decorator and its method must agree', () => {
  @Service('fits')
  class Fits {
    @Endpoint() ping(): string {
      return 'pong';
    }
    @Endpoint({ request: Question, response: Answer }) async ask(question: Question): Promise<Answer> {
      return { text: question.text, by: 'me' };
    }
    @Endpoint({ request: anything }) any(value: unknown): unknown {
      return value;
    }
    @Subscribe(Asked) onAsked(_event: Asked): void {}
    @Subscribe('some.topic', { event: Asked }) async onTopic(_event: Asked): Promise<void> {}
  }

  class DoesNot {
    // @ts-expect-error a call brings one request
    @Endpoint() two(_one: Question, _two: Question): void {}
    // @ts-expect-error the request is a Question
    @Endpoint({ request: Question }) other(_request: Date): void {}
    // @ts-expect-error the reply is an Answer
    @Endpoint({ response: Answer }) wrong(): string {
      return 'no answer';
    }
    // @ts-expect-error the event is Asked
    @Subscribe(Asked) onOther(_event: Date): void {}
    // @ts-expect-error an event comes alone
    @Subscribe(Asked) onTwo(_event: Asked, _more: string): void {}
  }

  expect([Fits.name, DoesNot.name]).toEqual(['Fits', 'DoesNot']);
});
