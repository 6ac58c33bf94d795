// What tests of this directory are written with. browser_test.go runs each as a Go subtest.

type Run = () => void | Promise<void>;

const tests: Record<string, Run> = {};
(globalThis as unknown as { tandemTests: unknown }).tandemTests = tests;

export function test(name: string, run: Run): void {
  if (tests[name]) throw new Error(`two tests are named ${name}`);
  tests[name] = run;
}

/** Fails unless both are the same JSON. */
export function equal(got: unknown, want: unknown, what = ''): void {
  const a = JSON.stringify(got), b = JSON.stringify(want);
  if (a !== b) throw new Error(`${what && what + ': '}got ${a}, want ${b}`);
}

/** Fails unless the function throws; gives the error's name. */
export function throws(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).name;
  }
  throw new Error('did not throw');
}

/** What a promise or a callback gives in time. */
export function within<T>(start: (done: (value: T) => void) => void, ms = 5000): Promise<T> {
  return new Promise((resolve, reject) => {
    start(resolve);
    setTimeout(() => reject(new Error('took too long')), ms);
  });
}
