// Generated from openapi/berth.yaml by generate.ts. Do not edit.
export const problems = {
  "request-invalid": {
    "status": 400,
    "title": "The request does not fit the contract",
    "mend": "Change the places that `errors` names."
  },
  "body-too-large": {
    "status": 413,
    "title": "The request body is too large",
    "mend": "Send at most 1 MiB."
  },
  "media-type-unsupported": {
    "status": 415,
    "title": "The request body is not JSON",
    "mend": "Send Content-Type: application/json."
  },
  "not-found": {
    "status": 404,
    "title": "No such path",
    "mend": "See /docs for the paths there are."
  },
  "method-not-allowed": {
    "status": 405,
    "title": "The path does not take this method",
    "mend": "See /docs for the methods it takes."
  },
  "token-missing": {
    "status": 401,
    "title": "No bearer token",
    "mend": "Send Authorization: Bearer with a token of this service."
  },
  "token-invalid": {
    "status": 401,
    "title": "Unknown token",
    "mend": "Check that the token file is the one this service made or declares."
  },
  "role-insufficient": {
    "status": 403,
    "title": "This token's role may not do that",
    "mend": "Use a token of the role that `detail` names."
  },
  "server-not-found": {
    "status": 404,
    "title": "No such server",
    "mend": "List /v1/servers for the servers this token may see."
  },
  "key-mismatch": {
    "status": 400,
    "title": "The key does not belong to this user and server",
    "mend": "Compute the key as the contract says."
  },
  "generation-superseded": {
    "status": 409,
    "title": "A newer generation is in force",
    "mend": "Read the server again; `current` is the generation in force."
  },
  "image-not-allowed": {
    "status": 403,
    "title": "The image is not offered to this hub",
    "mend": "Choose an image that /v1/hub lists, or add it under images in the configuration."
  },
  "command-not-allowed": {
    "status": 403,
    "title": "The command is not listed",
    "mend": "Leave the command out, or add it under commands in the configuration."
  },
  "environment-not-allowed": {
    "status": 403,
    "title": "An environment variable may not be set by a hub",
    "mend": "Leave out the variables that `detail` names."
  },
  "limits-exceeded": {
    "status": 403,
    "title": "More was asked than the configuration gives",
    "mend": "Ask for at most what `detail` names."
  },
  "hub-url-mismatch": {
    "status": 403,
    "title": "The hub's URL is not the declared one",
    "mend": "Set the hub's apiUrl in the configuration, or hub_connect_url in the hub, so that they agree."
  },
  "hub-unreachable": {
    "status": 403,
    "title": "Notebooks cannot reach the hub",
    "mend": "Set hub_ip or hub_connect_ip in the hub to what `detail` says."
  },
  "credentials-wrong": {
    "status": 401,
    "title": "User name or password is wrong",
    "mend": "Type them again; the directory counts wrong passwords, too."
  },
  "account-disabled": {
    "status": 403,
    "title": "The account is disabled",
    "mend": "Ask the directory's administrators."
  },
  "account-locked": {
    "status": 403,
    "title": "The account is locked",
    "mend": "Wait, or have it unlocked in the directory."
  },
  "account-expired": {
    "status": 403,
    "title": "The account has expired",
    "mend": "Ask the directory's administrators."
  },
  "password-expired": {
    "status": 403,
    "title": "The password has expired",
    "mend": "Change it where the bank's passwords are changed, then log in."
  },
  "password-must-change": {
    "status": 403,
    "title": "The password must be changed first",
    "mend": "Change it where the bank's passwords are changed, then log in."
  },
  "logon-hours": {
    "status": 403,
    "title": "The account may not log in at this time",
    "mend": "Log in within its logon hours."
  },
  "logon-workstation": {
    "status": 403,
    "title": "The account may not log in from here",
    "mend": "Add this host to the account's workstations in the directory."
  },
  "group-missing": {
    "status": 403,
    "title": "The user is in no group that may log in",
    "mend": "Add the user to a group that `login.allow` lists, then log in again."
  },
  "name-rebound": {
    "status": 403,
    "title": "The name belongs to another account now",
    "mend": "An admin looks at what the first account left and runs `berth forget USER`."
  },
  "login-throttled": {
    "status": 429,
    "title": "Too many attempts to log in",
    "mend": "Wait as long as Retry-After says."
  },
  "login-not-configured": {
    "status": 404,
    "title": "No directory is configured",
    "mend": "Add directory and login to the configuration, or keep the hub's own authenticator."
  },
  "login-required": {
    "status": 403,
    "title": "The user has to log in anew",
    "mend": "Log out of the hub and in again."
  },
  "user-not-found": {
    "status": 404,
    "title": "No such user",
    "mend": "Use the hub's name for a user that has logged in; `explain` knows others."
  },
  "user-has-servers": {
    "status": 409,
    "title": "The user has servers",
    "mend": "Stop them first."
  },
  "directory-unreachable": {
    "status": 503,
    "title": "No domain controller can be reached",
    "mend": "Check directory.servers, network and firewall; `berth doctor` tries each."
  },
  "directory-timeout": {
    "status": 504,
    "title": "The directory did not answer in time",
    "mend": "Look at the domain controllers' load, and at directory.timeouts."
  },
  "directory-untrusted": {
    "status": 502,
    "title": "The directory's certificate is not trusted",
    "mend": "Set directory.caFile to the authority's certificate, or the server names to those in the certificate."
  },
  "directory-refused": {
    "status": 502,
    "title": "The directory gives no usable answer",
    "mend": "`detail` says which right or setting is missing."
  },
  "no-service-account": {
    "status": 409,
    "title": "There is no service account to ask the directory by",
    "mend": "Set directory.serviceAccount."
  },
  "account-unknown": {
    "status": 403,
    "title": "No such account",
    "mend": "Check the name; `berth doctor` says whether directory and name service answer."
  },
  "account-unsafe": {
    "status": 403,
    "title": "The account may not run notebooks",
    "mend": "Use an account whose uid and groups lie above accounts.minId and that no local account shares its name with."
  },
  "uid-collision": {
    "status": 403,
    "title": "Two accounts have one uid",
    "mend": "Give one of them another uid."
  },
  "uid-unmapped": {
    "status": 403,
    "title": "The account has no uid",
    "mend": "Set uidNumber in the directory, or choose another accounts.source."
  },
  "home-unsafe": {
    "status": 403,
    "title": "The home folder can't be used",
    "mend": "`detail` says what is wrong with it."
  },
  "name-service-failed": {
    "status": 503,
    "title": "The host's name service does not answer",
    "mend": "Try `getent passwd NAME` on the host."
  },
  "name-invalid": {
    "status": 400,
    "title": "No account has a name like that",
    "mend": "Use `user`, `DOMAIN\\user` or `user@domain`."
  },
  "ticket-refused": {
    "status": 403,
    "title": "The KDC gave no ticket",
    "mend": "`detail` says why."
  },
  "kdc-unreachable": {
    "status": 503,
    "title": "No KDC answers",
    "mend": "Check tickets.krb5Conf and the way to the KDC; `berth doctor` tries it."
  },
  "ticket-missing": {
    "status": 403,
    "title": "There is no Kerberos ticket",
    "mend": "Log out of the hub and in again."
  },
  "ticket-ended": {
    "status": 403,
    "title": "The Kerberos ticket has ended",
    "mend": "Log out of the hub and in again."
  },
  "ticket-unsafe": {
    "status": 403,
    "title": "The Kerberos ticket can't be trusted",
    "mend": "`detail` says what is wrong with the cache."
  },
  "cache-unsupported": {
    "status": 403,
    "title": "The host keeps tickets where containers can't reach them",
    "mend": "Set default_ccache_name to FILE: in krb5.conf, as `detail` says."
  },
  "ticket-failed": {
    "status": 503,
    "title": "The Kerberos ticket could not be kept",
    "mend": "Look at the service's log and at the runtime folder."
  },
  "draining": {
    "status": 503,
    "title": "No new servers are started at the moment",
    "mend": "Wait until an admin ends the drain."
  },
  "not-ready": {
    "status": 503,
    "title": "The service has not yet seen what runs",
    "mend": "Wait; /readyz says what is missing."
  },
  "shutting-down": {
    "status": 503,
    "title": "The service is stopping",
    "mend": "Ask again in a moment."
  },
  "docker-unreachable": {
    "status": 503,
    "title": "Docker cannot be reached",
    "mend": "Check that dockerd runs and that the service may open its socket."
  },
  "docker-timeout": {
    "status": 504,
    "title": "Docker did not answer in time",
    "mend": "Look at dockerd's log and at the host's load."
  },
  "docker-refused": {
    "status": 502,
    "title": "Docker refused",
    "mend": "Docker's own words stand in `detail`."
  },
  "image-not-found": {
    "status": 502,
    "title": "The image does not exist",
    "mend": "Check its name in the configuration, and that this host may pull it."
  },
  "image-pull-failed": {
    "status": 502,
    "title": "The image could not be pulled",
    "mend": "Docker's own words stand in `detail`."
  },
  "image-runs-as-root": {
    "status": 502,
    "title": "The image runs as root",
    "mend": "Give the image a USER that is not root, or set containers.user in the configuration."
  },
  "name-taken": {
    "status": 502,
    "title": "Another program has a container of this name",
    "mend": "Remove or rename that container; Berth does not touch what it did not make."
  },
  "exited-in-start": {
    "status": 502,
    "title": "The server ended while it was starting",
    "mend": "Read its last log lines in history."
  },
  "start-timeout": {
    "status": 504,
    "title": "The server did not start in time",
    "mend": "Raise start_timeout in the hub, or see which step was slow."
  },
  "start-interrupted": {
    "status": 503,
    "title": "The service was restarted during the start",
    "mend": "Start again."
  },
  "start-cancelled": {
    "status": 409,
    "title": "The start was cancelled",
    "mend": "Start again."
  },
  "disk-full": {
    "status": 507,
    "title": "The disk is full",
    "mend": "Free space where Docker and Berth's state folder live."
  },
  "store-failed": {
    "status": 503,
    "title": "The database could not be written",
    "mend": "Look at the service's log and at the state folder's disk."
  },
  "internal": {
    "status": 500,
    "title": "Berth made a mistake",
    "mend": "The request id stands in the service's log; report it."
  }
} as const;
