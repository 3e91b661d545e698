import { EngineError, type NetworkInfo, type NetworkRequest } from '@berth/spawner';

/** Networks of a simulated engine: the n-th has 10.n.0.0/16, counted from 201; addresses are given lowest first. */
export class SimulatedNetworks {
  readonly #networks = new Map<string, { readonly info: NetworkInfo; readonly used: Set<number> }>();

  constructor() {
    this.ensure({ name: 'bridge', interContainer: true, labels: {}, mustExist: false });
  }

  ensure(request: NetworkRequest): NetworkInfo {
    const existing = this.#networks.get(request.name);
    if (existing !== undefined) return { ...existing.info, created: false };
    if (request.mustExist) throw new EngineError('not-found', `network ${request.name} not found`, { status: 404 });
    const n = 201 + this.#networks.size;
    const info: NetworkInfo = {
      id: `network${n}`,
      name: request.name,
      gateway: `10.${n}.0.1`,
      subnet: `10.${n}.0.0/16`,
      interContainer: request.interContainer,
      created: true,
    };
    this.#networks.set(request.name, { info, used: new Set([0, 1]) });
    return info;
  }

  has(name: string): boolean {
    return this.#networks.has(name);
  }

  /** The lowest address that nobody has. */
  take(name: string): string | undefined {
    const network = this.#networks.get(name);
    if (network === undefined) return undefined;
    let host = 2;
    while (network.used.has(host)) host++;
    network.used.add(host);
    return `${network.info.gateway?.slice(0, -3)}${host >> 8}.${host & 255}`;
  }

  giveBack(name: string, address: string): void {
    const [, , high, low] = address.split('.').map(Number);
    this.#networks.get(name)?.used.delete(((high ?? 0) << 8) | (low ?? 0));
  }
}
