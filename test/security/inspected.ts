/** Containers as `docker inspect` shows them; the parts that security is made of. */
import { docker, type SharedEngine } from '../stack/shared-engine.ts';

export interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Pid: number };
  readonly Config: {
    readonly User: string;
    readonly Hostname: string;
    readonly Labels: Readonly<Record<string, string>>;
    readonly Env: readonly string[];
  };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly { readonly Type: string; readonly Name?: string; readonly Destination: string }[];
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string; readonly Gateway: string }>>;
  };
}

export async function inspect(engine: Pick<SharedEngine, 'socketPath'>, container: string): Promise<Inspected> {
  const [one] = JSON.parse(await docker(engine, 'inspect', container)) as Inspected[];
  if (one === undefined) throw new Error(`no container ${container}`);
  return one;
}

/** Its one address. Throws where it is in several networks. */
export function addressOf({ NetworkSettings: { Networks }, Name }: Inspected): string {
  const [only, ...others] = Object.values(Networks);
  if (only === undefined || others.length > 0) throw new Error(`${Name} is in ${Object.keys(Networks).join(', ')}`);
  return only.IPAddress;
}
