import { countOf, type Report } from './report.js';

/** What was found as a table of Markdown, with what failed under it. */
export function tableOf(reports: readonly Report[]): string {
  const head = ['stranger', 'version', 'direction', 'cases passed', 'notes'];
  const rows = reports.map((report) => [
    report.name,
    report.version,
    report.direction,
    casesOf(report),
    notesOf(report),
  ]);
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(inCell).join(' | ')} |`);
  const failed = reports.flatMap(({ name, cases }) =>
    cases
      .filter(({ result }) => result === 'failed')
      .map((one) => `- ${name}, ${one.name}: ${oneLine(one.reason ?? '')}`),
  );
  return [...lines, ...(failed.length === 0 ? [] : ['', 'Failed:', '', ...failed])].join('\n');
}

/** One line as a stranger leaves, to be read while the rest runs. */
export function lineOf(report: Report): string {
  const found = report.skipped === undefined ? `${casesOf(report)} passed` : `SKIPPED: ${report.skipped}`;
  return `${report.name}: ${found} [${Math.round(report.seconds)} s]`;
}

/** The cases that did not pass, each with its reason, as lines under the stranger's own. */
export function linesOfCases({ cases }: Report): readonly string[] {
  return cases
    .filter(({ result }) => result !== 'passed')
    .map(({ name, result, reason = '' }) =>
      result === 'skipped' ? `  SKIPPED: ${name}: ${oneLine(reason)}` : `  failed: ${name}: ${reason}`,
    );
}

function casesOf(report: Report): string {
  return report.skipped === undefined ? `${countOf(report, 'passed')} of ${report.cases.length}` : 'skipped';
}

function notesOf(report: Report): string {
  const skips = report.cases.filter(({ result }) => result === 'skipped');
  return [
    ...(report.skipped === undefined ? [] : [report.skipped]),
    ...report.notes,
    ...skips.map(({ name, reason }) => `skipped ${name}: ${reason}`),
  ].join('; ');
}

function inCell(text: string): string {
  return oneLine(text).replaceAll('|', '\\|');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
