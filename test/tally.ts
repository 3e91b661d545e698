/** Counting what passed and what failed. */
import { readFile } from 'node:fs/promises';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

export function add(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

/** A stage that only succeeds or fails counts as one test. */
export function single(succeeded: boolean): Tally {
  return succeeded ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * From a tester's own report. A test that was skipped counts as failed: none is meant to be. So does a run that ended
 * badly although no test says so, or without a report.
 */
export async function fromReport(read: (text: string) => Tally, reportFile: string, exitCode: number): Promise<Tally> {
  const text = await readFile(reportFile, 'utf8').catch(() => undefined);
  const tally = text === undefined ? { passed: 0, failed: 0 } : read(text);
  if (tally.failed === 0 && (exitCode !== 0 || tally.passed === 0)) return add(tally, { passed: 0, failed: 1 });
  return tally;
}

/** Jest's `--json`. A file that couldn't be run counts as one failed test. */
export function jestReport(text: string): Tally {
  const report = JSON.parse(text) as Readonly<Record<string, number>>;
  const number = (key: string) => report[key] ?? 0;
  return {
    passed: number('numPassedTests'),
    failed:
      number('numFailedTests') +
      number('numPendingTests') +
      number('numTodoTests') +
      number('numRuntimeErrorTestSuites'),
  };
}

/** Pytest's `--junitxml`. */
export function junitReport(text: string): Tally {
  const suite = /<testsuite [^>]*>/.exec(text)?.[0] ?? '';
  const number = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = number('failures') + number('errors') + number('skipped');
  return { passed: number('tests') - failed, failed };
}
