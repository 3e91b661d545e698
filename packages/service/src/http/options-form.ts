/** The hub's page of options, as HTML: how the last server ended, and a choice of images where there is one. */
import type { ServerView } from '@berth/spawner';

export interface OfferedImage {
  readonly reference: string;
  readonly title: string;
}

export interface OptionsForm {
  readonly images: readonly OfferedImage[];
  readonly last?: ServerView | undefined;
  readonly chosen?: string | undefined;
  /** What the user should know. */
  readonly notices?: readonly string[];
}

/** Empty where there is nothing to say and nothing to choose. Everything in it is escaped. */
export function optionsForm({ images, last, chosen, notices = [] }: OptionsForm): string {
  const reason = badEnd(last);
  const said = [...(reason === undefined ? [] : [`Your last server has ended. ${reason}`]), ...notices]
    .map((sentence) => `<p class="alert alert-warning">${escapeHtml(oneLine(sentence))}</p>\n`)
    .join('');
  if (images.length < 2) return said;
  const options = images.map(
    ({ reference, title }) =>
      `<option value="${escapeHtml(reference)}"${reference === chosen ? ' selected' : ''}>${escapeHtml(title)}</option>`,
  );
  const select = `<select class="form-control" id="berth-image" name="image">${options.join('')}</select>`;
  return `${said}<label for="berth-image">Image</label>\n${select}`;
}

/** Why it ended; undefined where it runs, was stopped, or ended as programs should. */
function badEnd(last: ServerView | undefined): string | undefined {
  return last?.status.state === 'exited' && last.status.exit.code !== 0 ? last.status.exit.reason : undefined;
}

/** Without control characters, which may come from a container's log. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
