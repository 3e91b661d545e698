import type { Notebook } from '../stack/notebook.ts';

/** What a shell in a notebook's cell prints, a line each: both streams. */
export async function shell(notebook: Notebook, kernel: string, script: string): Promise<string[]> {
  const run = `subprocess.run(["bash", "-c", ${JSON.stringify(script)}], stdout=-1, stderr=-2, text=True).stdout`;
  return (await notebook.execute(kernel, `import subprocess\nprint(${run})`)).trim().split('\n');
}
