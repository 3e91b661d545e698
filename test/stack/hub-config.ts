/** The jupyterhub_config.py of a test's hub. */

export interface HubConfiguration {
  /** Where browsers reach the hub, without a path: the proxy. */
  readonly origin: string;
  readonly baseUrl: string;
  /** Address and port where the hub itself listens, for its servers and its proxy. */
  readonly hubAddress: string;
  readonly hubPort: number;
  readonly proxyApiUrl: string;
  readonly proxyToken: string;
  readonly folder: string;
  readonly password: string;
  readonly adminToken: string;
  /** What JupyterHub calls it: an entry point's name or a class. */
  readonly spawner: string;
  /** Where JupyterHub's internal_ssl is on: how the hub starts its proxy. */
  readonly internalSsl?: { readonly proxyCommand: readonly string[] };
  /** Python lines at the end, with `c` at hand. */
  readonly more: string;
}

export function hubConfigFile(configuration: HubConfiguration): string {
  const text = (value: string) => JSON.stringify(value); // a JSON string of ASCII is a Python string
  const { folder } = configuration;
  return `c = get_config()  # noqa
c.JupyterHub.bind_url = ${text(configuration.origin + configuration.baseUrl)}
c.JupyterHub.hub_ip = ${text(configuration.hubAddress)}
c.JupyterHub.hub_port = ${configuration.hubPort}
c.JupyterHub.db_url = ${text(`sqlite:///${folder}/jupyterhub.sqlite`)}
c.JupyterHub.cookie_secret_file = ${text(`${folder}/cookie_secret`)}
c.JupyterHub.cleanup_servers = False
c.JupyterHub.allow_named_servers = True
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = ${text(configuration.password)}
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = ${text(configuration.spawner)}
${configuration.internalSsl ? internalSsl(configuration, configuration.internalSsl.proxyCommand) : externalProxy}
c.ConfigurableHTTPProxy.api_url = ${text(configuration.proxyApiUrl)}
c.ConfigurableHTTPProxy.auth_token = ${text(configuration.proxyToken)}
c.JupyterHub.services = [{"name": "test-admin", "api_token": ${text(configuration.adminToken)}}]
c.JupyterHub.load_roles = [{
    "name": "test-admin",
    "services": ["test-admin"],
    "scopes": ["admin:users", "admin:servers", "tokens", "list:users", "read:hub", "proxy", "shutdown"],
}]
${configuration.more}
`;
}

const externalProxy = `# The proxy is a process of its own, as JupyterHub advises, so that notebooks stay reachable while the hub is down.
c.ConfigurableHTTPProxy.should_start = False`;

function internalSsl({ folder, hubAddress }: HubConfiguration, proxyCommand: readonly string[]): string {
  return `c.JupyterHub.internal_ssl = True
c.JupyterHub.internal_certs_location = ${JSON.stringify(`${folder}/internal-ssl`)}
# The hub's own certificate holds for 127.0.0.1 and localhost; notebooks and proxy reach the hub at this address.
c.JupyterHub.trusted_alt_names = ["IP:${hubAddress}"]
c.ConfigurableHTTPProxy.command = ${JSON.stringify(proxyCommand)}
c.ConfigurableHTTPProxy.pid_file = ${JSON.stringify(`${folder}/proxy.pid`)}`;
}
