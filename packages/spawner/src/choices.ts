/**
 * What a hub may choose: among what the configuration offers, nothing else. A stolen hub token gets no further than
 * this file lets it.
 */
import { SpawnError } from './errors.ts';
import type { HubSettings, ImageChoice, SpawnerSettings } from './settings.ts';
import type { StartServer } from './spawner.ts';

/** Variables that Berth sets itself, or that change how the loader loads programs. */
const refusedVariables = [/^LD_/, /^BERTH_/, /^KRB5/, /^SPARK_SUBMIT_OPTS$/, /^GCONV_PATH$/, /^GLIBC_TUNABLES$/];

/** Variables that hold a URL of the hub, by which a notebook takes its orders. */
const hubUrlVariables = ['JUPYTERHUB_API_URL', 'JUPYTERHUB_ACTIVITY_URL', 'JPY_HUB_API_URL'];

export function isRefusedVariable(name: string): boolean {
  return refusedVariables.some((pattern) => pattern.test(name));
}

/** The image the request means. Throws SpawnError where the request asks for what isn't offered. */
export function checkChoices(request: StartServer, settings: SpawnerSettings): ImageChoice {
  const image = chooseImage(request.image, settings.images);
  checkCommand(request.command, settings.commands);
  checkEnvironment(request.environment, settings.containers.environment);
  checkHubUrls(request, settings.hubs);
  checkLimits(request, settings);
  return image;
}

function chooseImage(asked: string | undefined, offered: readonly ImageChoice[]): ImageChoice {
  const choice = asked === undefined ? offered[0] : offered.find(({ reference }) => reference === asked);
  if (choice) return choice;
  const list = offered.map(({ reference }) => reference).join(', ');
  throw new SpawnError('image-not-allowed', `The image ${asked} is not offered. Offered: ${list}.`);
}

function checkCommand(asked: readonly string[] | undefined, listed: SpawnerSettings['commands']): void {
  if (asked === undefined) return;
  const same = (command: readonly string[]) =>
    command.length === asked.length && command.every((word, i) => word === asked[i]);
  if (!listed.some(same))
    throw new SpawnError(
      'command-not-allowed',
      `The command ${JSON.stringify(asked)} is not listed under commands in the configuration.`,
    );
}

function checkEnvironment(asked: StartServer['environment'], site: Readonly<Record<string, string>>): void {
  const names = Object.keys(asked);
  const refused = names.filter((name) => isRefusedVariable(name) || Object.hasOwn(site, name));
  if (refused.length > 0)
    throw new SpawnError('environment-not-allowed', `A hub may not set ${refused.join(', ')}: Berth or the site does.`);
}

function checkHubUrls(request: StartServer, hubs: readonly HubSettings[]): void {
  const pinned = hubs.find(({ name }) => name === request.hub)?.apiUrl;
  if (pinned === undefined) return;
  for (const name of hubUrlVariables) {
    const url = request.environment[name];
    if (url !== undefined && !isWithin(url, pinned))
      throw new SpawnError('hub-url-mismatch', `${name} is ${url}, but this hub's apiUrl is ${pinned}.`);
  }
}

function isWithin(url: string, base: string): boolean {
  if (!URL.canParse(url)) return false;
  const inner = new URL(url);
  const outer = new URL(base);
  const root = outer.pathname.replace(/\/+$/, '');
  return (
    inner.origin === outer.origin &&
    inner.username === '' &&
    inner.password === '' &&
    (inner.pathname.replace(/\/+$/, '') === root || inner.pathname.startsWith(`${root}/`))
  );
}

function checkLimits({ limits }: StartServer, { containers }: SpawnerSettings): void {
  const { memoryBytes, cpus } = containers;
  if (memoryBytes !== undefined && (limits?.memoryBytes ?? 0) > memoryBytes)
    throw new SpawnError(
      'limits-exceeded',
      `${limits?.memoryBytes} bytes of memory were asked, the site gives ${memoryBytes}.`,
    );
  if (cpus !== undefined && (limits?.cpus ?? 0) > cpus)
    throw new SpawnError('limits-exceeded', `${limits?.cpus} CPUs were asked, the site gives ${cpus}.`);
}
