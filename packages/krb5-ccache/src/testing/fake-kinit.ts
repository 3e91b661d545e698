import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = `#!/bin/sh
here=$(dirname "$0")
printf '%s\\n' "$*" >> "$here/calls"
env > "$here/environment"
for word in "$@"; do
  case $before in -c) cache=\${word#FILE:} ;; --) principal=$word ;; esac
  case $word in -R) renews=yes ;; esac
  before=$word
done
. "$here/answer"
`;

/** A program that stands for kinit. What it does is a piece of shell: \`$cache\`, \`$principal\`, \`$renews\` and \`$here\` are set. */
export class FakeKinit {
  readonly folder: string;

  static async make(): Promise<FakeKinit> {
    const fake = new FakeKinit(await mkdtemp(join(tmpdir(), 'fake-kinit-')));
    await writeFile(fake.path, script, { mode: 0o755 });
    return fake;
  }

  constructor(folder: string) {
    this.folder = folder;
  }

  get path(): string {
    return join(this.folder, 'kinit');
  }

  answers(shell: string): Promise<void> {
    return writeFile(join(this.folder, 'answer'), shell);
  }

  /** From now on it takes a password and gives this cache. */
  async gives(bytes: Uint8Array): Promise<void> {
    await writeFile(join(this.folder, 'cache'), bytes);
    await this.answers('cat > "$here/input"; cp "$here/cache" "$cache"');
  }

  async fails(words: string): Promise<void> {
    await writeFile(join(this.folder, 'words'), words);
    await this.answers('cat > "$here/input"; printf 34 > "$cache"; cat "$here/words" >&2; exit 1');
  }

  async calls(): Promise<string[]> {
    return (await this.read('calls')).split('\n').filter((line) => line !== '');
  }

  /** Of what it noted; '' where there is none. */
  read(name: 'calls' | 'environment' | 'input' | 'pids'): Promise<string> {
    return readFile(join(this.folder, name), 'utf8').catch(() => '');
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
