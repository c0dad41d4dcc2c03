import { expect, test } from 'vitest';
import { outcomesIn } from './suite.js';

test('a report is read by section, title and outcome', () => {
  const report = `<testsuite name="3.1. DATA" tests="3">
    <testcase package="generic/3.1" classname="Sends a DATA frame" time="0.0010"></testcase>
    <testcase package="http2/5.1" classname="idle: Sends &#34;it&#34;" time="1.0"><failure>Timeout</failure></testcase>
    <testcase package="http2/6.9" classname="Sends more" time="0"><skipped></skipped></testcase>
  </testsuite>`;
  expect([...outcomesIn(report)]).toEqual([
    ['generic/3.1 Sends a DATA frame', 'passed'],
    ['http2/5.1 idle: Sends &#34;it&#34;', 'failed'],
    ['http2/6.9 Sends more', 'skipped'],
  ]);
});
