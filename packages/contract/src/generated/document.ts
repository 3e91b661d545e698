// Generated from openapi/berth.yaml by generate.ts. Do not edit.
export const document = {
  "openapi": "3.1.0",
  "info": {
    "title": "Berth",
    "version": "1.0.0",
    "license": {
      "name": "Apache-2.0",
      "identifier": "Apache-2.0"
    },
    "summary": "Notebook servers in Docker containers, for JupyterHub beside Hadoop, Spark and Active Directory.",
    "description": "One service is one Docker host. Hubs start, watch and stop their own servers; admins and viewers see all of them.\n\n## Who speaks\nA bearer token says who speaks, and for a hub which hub; no field of a request does. Roles: `hub` (its own servers),\n`viewer` (reads everything but log lines), `admin` (reads everything, stops any server, drains, makes backups).\n\n## Generations\nEach start carries a generation, `max(now in ms, current + 1)`. It makes late and repeated calls harmless:\n\n| the server is | PUT, same generation | PUT, higher | PUT, lower | DELETE, same or none | DELETE, higher | DELETE, lower |\n| --- | --- | --- | --- | --- | --- | --- |\n| unknown | 202, starts | 202, starts | 202, starts | 404 | 404 | 404 |\n| `starting` | 202, the running start goes on | 202, that start is cancelled and undone, then this one runs | 409 | 202, the start is cancelled and undone | 202, likewise; the generation becomes the one given | 409 |\n| `running` | 200, unchanged | 202, stopped, then started anew | 409 | 202, stops | 202, likewise; the generation becomes the one given | 409 |\n| `stopping` | 202, the stop goes on | 202, starts once the stop is done | 409 | 202, joins the running stop | 202, likewise; the generation becomes the one given | 409 |\n| `exited`, `failed` | 200, unchanged | 202, starts | 409 | 200, `stopped` | 200, likewise; the generation becomes the one given | 409 |\n| `stopped` | 200, unchanged: a stopped start isn't repeated | 202, starts | 409 | 200, unchanged | 200; the generation becomes the one given | 409 |\n\nA 409 carries `current`, the generation in force. A start waiting behind a stop is cancelled by a DELETE as a running one is.\n\n## Users\nA user is known here by the hub's name for them, which is made of what the directory returns, in the form that\n`login.userName` sets, in lower case. The name is bound to the account's SID at the first login: another account of\nthat name is refused until an admin forgets the first. A hub sees the users that have logged in through it; a server\nof a user who hasn't is refused where a directory is configured.\n\n## Keys\nA server's key is one function of (hub, user, server name): a readable prefix and a hash. The three parts stand in\nthe body and are checked against it. `slug(text)`: lower-case ASCII letters and digits stay, each run of anything\nelse becomes one `-`, `-` is trimmed at both ends, at most 20 characters. `hash`: the first 16 characters of the\nlower-case base32 (RFC 4648, no padding) of SHA-256 over the UTF-8 bytes of `hub NUL user NUL serverName`. The key is the\nnon-empty ones of `slug(user)`, `slug(serverName)`, and `hash`, joined by `-`.\n\n## Answers\nTimes are RFC 3339 in UTC. Errors are problem details (RFC 9457) with a `code` from the catalogue below; `instance` is\nthe request id, which also stands in the service's log. Lists are `{\"items\": [...], \"next\": ...}`.\n\n## Problems\n\n| code | status | what it means | what mends it |\n| --- | --- | --- | --- |\n| `request-invalid` | 400 | The request does not fit the contract | Change the places that `errors` names. |\n| `body-too-large` | 413 | The request body is too large | Send at most 1 MiB. |\n| `media-type-unsupported` | 415 | The request body is not JSON | Send Content-Type: application/json. |\n| `not-found` | 404 | No such path | See /docs for the paths there are. |\n| `method-not-allowed` | 405 | The path does not take this method | See /docs for the methods it takes. |\n| `token-missing` | 401 | No bearer token | Send Authorization: Bearer with a token of this service. |\n| `token-invalid` | 401 | Unknown token | Check that the token file is the one this service made or declares. |\n| `role-insufficient` | 403 | This token's role may not do that | Use a token of the role that `detail` names. |\n| `server-not-found` | 404 | No such server | List /v1/servers for the servers this token may see. |\n| `key-mismatch` | 400 | The key does not belong to this user and server | Compute the key as the contract says. |\n| `generation-superseded` | 409 | A newer generation is in force | Read the server again; `current` is the generation in force. |\n| `image-not-allowed` | 403 | The image is not offered to this hub | Choose an image that /v1/hub lists, or add it under images in the configuration. |\n| `command-not-allowed` | 403 | The command is not listed | Leave the command out, or add it under commands in the configuration. |\n| `environment-not-allowed` | 403 | An environment variable may not be set by a hub | Leave out the variables that `detail` names. |\n| `limits-exceeded` | 403 | More was asked than the configuration gives | Ask for at most what `detail` names. |\n| `hub-url-mismatch` | 403 | The hub's URL is not the declared one | Set the hub's apiUrl in the configuration, or hub_connect_url in the hub, so that they agree. |\n| `hub-unreachable` | 403 | Notebooks cannot reach the hub | Set hub_ip or hub_connect_ip in the hub to what `detail` says. |\n| `credentials-wrong` | 401 | User name or password is wrong | Type them again; the directory counts wrong passwords, too. |\n| `account-disabled` | 403 | The account is disabled | Ask the directory's administrators. |\n| `account-locked` | 403 | The account is locked | Wait, or have it unlocked in the directory. |\n| `account-expired` | 403 | The account has expired | Ask the directory's administrators. |\n| `password-expired` | 403 | The password has expired | Change it where the bank's passwords are changed, then log in. |\n| `password-must-change` | 403 | The password must be changed first | Change it where the bank's passwords are changed, then log in. |\n| `logon-hours` | 403 | The account may not log in at this time | Log in within its logon hours. |\n| `logon-workstation` | 403 | The account may not log in from here | Add this host to the account's workstations in the directory. |\n| `group-missing` | 403 | The user is in no group that may log in | Add the user to a group that `login.allow` lists, then log in again. |\n| `name-rebound` | 403 | The name belongs to another account now | An admin looks at what the first account left and runs `berth forget USER`. |\n| `login-throttled` | 429 | Too many attempts to log in | Wait as long as Retry-After says. |\n| `login-not-configured` | 404 | No directory is configured | Add directory and login to the configuration, or keep the hub's own authenticator. |\n| `login-required` | 403 | The user has to log in anew | Log out of the hub and in again. |\n| `user-not-found` | 404 | No such user | Use the hub's name for a user that has logged in; `explain` knows others. |\n| `user-has-servers` | 409 | The user has servers | Stop them first. |\n| `directory-unreachable` | 503 | No domain controller can be reached | Check directory.servers, network and firewall; `berth doctor` tries each. |\n| `directory-timeout` | 504 | The directory did not answer in time | Look at the domain controllers' load, and at directory.timeouts. |\n| `directory-untrusted` | 502 | The directory's certificate is not trusted | Set directory.caFile to the authority's certificate, or the server names to those in the certificate. |\n| `directory-refused` | 502 | The directory gives no usable answer | `detail` says which right or setting is missing. |\n| `no-service-account` | 409 | There is no service account to ask the directory by | Set directory.serviceAccount. |\n| `account-unknown` | 403 | No such account | Check the name; `berth doctor` says whether directory and name service answer. |\n| `account-unsafe` | 403 | The account may not run notebooks | Use an account whose uid and groups lie above accounts.minId and that no local account shares its name with. |\n| `uid-collision` | 403 | Two accounts have one uid | Give one of them another uid. |\n| `uid-unmapped` | 403 | The account has no uid | Set uidNumber in the directory, or choose another accounts.source. |\n| `home-unsafe` | 403 | The home folder can't be used | `detail` says what is wrong with it. |\n| `name-service-failed` | 503 | The host's name service does not answer | Try `getent passwd NAME` on the host. |\n| `name-invalid` | 400 | No account has a name like that | Use `user`, `DOMAIN\\user` or `user@domain`. |\n| `ticket-refused` | 403 | The KDC gave no ticket | `detail` says why. |\n| `kdc-unreachable` | 503 | No KDC answers | Check tickets.krb5Conf and the way to the KDC; `berth doctor` tries it. |\n| `ticket-missing` | 403 | There is no Kerberos ticket | Log out of the hub and in again. |\n| `ticket-ended` | 403 | The Kerberos ticket has ended | Log out of the hub and in again. |\n| `ticket-unsafe` | 403 | The Kerberos ticket can't be trusted | `detail` says what is wrong with the cache. |\n| `cache-unsupported` | 403 | The host keeps tickets where containers can't reach them | Set default_ccache_name to FILE: in krb5.conf, as `detail` says. |\n| `ticket-failed` | 503 | The Kerberos ticket could not be kept | Look at the service's log and at the runtime folder. |\n| `draining` | 503 | No new servers are started at the moment | Wait until an admin ends the drain. |\n| `not-ready` | 503 | The service has not yet seen what runs | Wait; /readyz says what is missing. |\n| `shutting-down` | 503 | The service is stopping | Ask again in a moment. |\n| `docker-unreachable` | 503 | Docker cannot be reached | Check that dockerd runs and that the service may open its socket. |\n| `docker-timeout` | 504 | Docker did not answer in time | Look at dockerd's log and at the host's load. |\n| `docker-refused` | 502 | Docker refused | Docker's own words stand in `detail`. |\n| `image-not-found` | 502 | The image does not exist | Check its name in the configuration, and that this host may pull it. |\n| `image-pull-failed` | 502 | The image could not be pulled | Docker's own words stand in `detail`. |\n| `image-runs-as-root` | 502 | The image runs as root | Give the image a USER that is not root, or set containers.user in the configuration. |\n| `name-taken` | 502 | Another program has a container of this name | Remove or rename that container; Berth does not touch what it did not make. |\n| `exited-in-start` | 502 | The server ended while it was starting | Read its last log lines in history. |\n| `start-timeout` | 504 | The server did not start in time | Raise start_timeout in the hub, or see which step was slow. |\n| `start-interrupted` | 503 | The service was restarted during the start | Start again. |\n| `start-cancelled` | 409 | The start was cancelled | Start again. |\n| `disk-full` | 507 | The disk is full | Free space where Docker and Berth's state folder live. |\n| `store-failed` | 503 | The database could not be written | Look at the service's log and at the state folder's disk. |\n| `internal` | 500 | Berth made a mistake | The request id stands in the service's log; report it. |\n"
  },
  "servers": [
    {
      "url": "http://127.0.0.1:8550",
      "description": "The default listener; also on the unix socket /run/berth/hub.sock"
    }
  ],
  "security": [
    {
      "bearer": []
    }
  ],
  "tags": [
    {
      "name": "servers",
      "description": "Start, watch and stop notebook servers."
    },
    {
      "name": "users",
      "description": "Log in by the directory; who a user is, and which ticket there is."
    },
    {
      "name": "admin",
      "description": "What an admin asks and does."
    },
    {
      "name": "health",
      "description": "For load balancers, Prometheus and people."
    }
  ],
  "paths": {
    "/v1/servers": {
      "get": {
        "operationId": "listServers",
        "tags": [
          "servers"
        ],
        "summary": "The servers this token may see, by key.",
        "parameters": [
          {
            "name": "state",
            "in": "query",
            "description": "Only servers in these states. Without it, all but `stopped`.",
            "schema": {
              "type": "array",
              "items": {
                "$ref": "#/components/schemas/StateName"
              },
              "minItems": 1,
              "maxItems": 6
            },
            "style": "form",
            "explode": false
          },
          {
            "$ref": "#/components/parameters/UserFilter"
          },
          {
            "$ref": "#/components/parameters/Limit"
          },
          {
            "$ref": "#/components/parameters/After"
          }
        ],
        "responses": {
          "200": {
            "description": "The servers.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/ServerPage"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/servers/{key}": {
      "parameters": [
        {
          "$ref": "#/components/parameters/Key"
        }
      ],
      "get": {
        "operationId": "getServer",
        "tags": [
          "servers"
        ],
        "summary": "One server, as it stands.",
        "responses": {
          "200": {
            "description": "The server.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Server"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      },
      "put": {
        "operationId": "startServer",
        "tags": [
          "servers"
        ],
        "summary": "Start a server, idempotent by generation. Only a hub starts servers.",
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/StartRequest"
              }
            }
          }
        },
        "responses": {
          "200": {
            "description": "This generation is already running or has ended; nothing was done.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Server"
                }
              }
            }
          },
          "202": {
            "description": "Under way; follow /v1/events or read the server again.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Server"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      },
      "delete": {
        "operationId": "stopServer",
        "tags": [
          "servers"
        ],
        "summary": "Stop a server, idempotent by generation.",
        "parameters": [
          {
            "name": "generation",
            "in": "query",
            "description": "The generation to stop. Without it, whichever is current.",
            "schema": {
              "$ref": "#/components/schemas/Generation"
            }
          },
          {
            "name": "purge",
            "in": "query",
            "description": "Also forget the server, its history included, once it is stopped (the hub's delete_forever).",
            "schema": {
              "type": "boolean",
              "default": false
            }
          }
        ],
        "responses": {
          "200": {
            "description": "It isn't running any more.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Server"
                }
              }
            }
          },
          "202": {
            "description": "Stopping; follow /v1/events or read the server again.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Server"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/servers/{key}/logs": {
      "parameters": [
        {
          "$ref": "#/components/parameters/Key"
        }
      ],
      "get": {
        "operationId": "getServerLogs",
        "tags": [
          "servers"
        ],
        "summary": "The last log lines of a server's container, or those kept when it ended.",
        "description": "Log lines may hold what the user's programs print. The server's own hub and admins may read them, viewers may not.",
        "parameters": [
          {
            "name": "tail",
            "in": "query",
            "description": "How many lines, from the end.",
            "schema": {
              "type": "integer",
              "minimum": 1,
              "maximum": 5000,
              "default": 100
            }
          }
        ],
        "responses": {
          "200": {
            "description": "The lines, oldest first.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Logs"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/events": {
      "get": {
        "operationId": "streamEvents",
        "tags": [
          "servers"
        ],
        "summary": "What happens to the servers this token may see, as server-sent events.",
        "description": "Each event's `id` is an integer that only grows, also across restarts of the service; `event` is one of `snapshot`, `server`, `progress`;\n`data` is an `Event`. A stream begins with a `snapshot` of all servers that aren't stopped, unless `after` (or the\nLast-Event-ID header) names an event that is still remembered: then it goes on behind it. A comment line is sent every 15 s.\n",
        "parameters": [
          {
            "name": "after",
            "in": "query",
            "description": "The id of the last event that was read.",
            "schema": {
              "type": "integer",
              "format": "int64",
              "minimum": 0,
              "maximum": 9007199254740991
            }
          }
        ],
        "responses": {
          "200": {
            "description": "The stream; the schema is that of each event's data.",
            "content": {
              "text/event-stream": {
                "schema": {
                  "$ref": "#/components/schemas/Event"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/logins": {
      "post": {
        "operationId": "logIn",
        "tags": [
          "users"
        ],
        "summary": "Log a user in by the directory's password; only a hub does. The answer holds no secret.",
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/LoginRequest"
              }
            }
          }
        },
        "responses": {
          "200": {
            "description": "The user, proved and allowed.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/User"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/users/{name}": {
      "parameters": [
        {
          "$ref": "#/components/parameters/User"
        }
      ],
      "get": {
        "operationId": "getUser",
        "tags": [
          "users"
        ],
        "summary": "Who a user is, and which ticket there is. Asks neither directory nor KDC.",
        "responses": {
          "200": {
            "description": "The user.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/User"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      },
      "delete": {
        "operationId": "forgetUser",
        "tags": [
          "users"
        ],
        "summary": "Forget the account that this name is bound to, and destroy its ticket; the next login binds the name anew.",
        "description": "For a name that was given to another person. Home folder, volumes and history stay, and are the next account's\nto use: look at them first. Refused while the user has servers.\n",
        "responses": {
          "200": {
            "description": "The user as it was.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/User"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/users/{name}/refresh": {
      "parameters": [
        {
          "$ref": "#/components/parameters/User"
        }
      ],
      "post": {
        "operationId": "refreshUser",
        "tags": [
          "users"
        ],
        "summary": "Ask the directory whether a user may still be logged in.",
        "responses": {
          "200": {
            "description": "The answer. Only `loggedIn` false ends a session.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Refresh"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/users/{name}/explain": {
      "parameters": [
        {
          "$ref": "#/components/parameters/User"
        }
      ],
      "get": {
        "operationId": "explainUser",
        "tags": [
          "users"
        ],
        "summary": "Why a user gets in or doesn't, in which groups by which path, and as which account; also of users who never logged in.",
        "responses": {
          "200": {
            "description": "The explanation.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Explanation"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/users/{name}/ticket": {
      "parameters": [
        {
          "$ref": "#/components/parameters/User"
        }
      ],
      "delete": {
        "operationId": "destroyTicket",
        "tags": [
          "users"
        ],
        "summary": "Destroy a user's ticket, also in running containers. A new login brings another.",
        "responses": {
          "200": {
            "description": "The user, without a ticket.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/User"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/hub": {
      "get": {
        "operationId": "getHub",
        "tags": [
          "servers"
        ],
        "summary": "What the service knows of the hub that asks, and what that hub may choose from.",
        "parameters": [
          {
            "name": "apiUrl",
            "in": "query",
            "description": "The hub's API as its servers are told it; `advice` then says whether they can reach it.",
            "schema": {
              "type": "string",
              "minLength": 1,
              "maxLength": 2048
            }
          },
          {
            "name": "key",
            "in": "query",
            "description": "The server that `choices.form` is for; the form then says how it ended, where it didn't end well.",
            "schema": {
              "$ref": "#/components/schemas/Key"
            }
          },
          {
            "name": "user",
            "in": "query",
            "description": "The user that `choices.form` is for; it then holds what they should know, such as the end of their ticket.",
            "schema": {
              "$ref": "#/components/schemas/UserName"
            }
          },
          {
            "name": "image",
            "in": "query",
            "description": "The image that `choices.form` shows as chosen.",
            "schema": {
              "type": "string",
              "maxLength": 512
            }
          }
        ],
        "responses": {
          "200": {
            "description": "The hub.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Hub"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/history": {
      "get": {
        "operationId": "listHistory",
        "tags": [
          "servers"
        ],
        "summary": "Servers that ended, newest first, with exit code, out-of-memory mark and last log lines.",
        "parameters": [
          {
            "$ref": "#/components/parameters/UserFilter"
          },
          {
            "name": "key",
            "in": "query",
            "description": "Only this server.",
            "schema": {
              "$ref": "#/components/schemas/Key"
            }
          },
          {
            "$ref": "#/components/parameters/Limit"
          },
          {
            "$ref": "#/components/parameters/After"
          }
        ],
        "responses": {
          "200": {
            "description": "The ended servers.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/HistoryPage"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/drain": {
      "get": {
        "operationId": "getDrain",
        "tags": [
          "admin"
        ],
        "summary": "Whether new starts are refused.",
        "responses": {
          "200": {
            "description": "The drain.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Drain"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      },
      "put": {
        "operationId": "setDrain",
        "tags": [
          "admin"
        ],
        "summary": "Refuse new starts, or accept them again. Running servers go on. Kept across restarts.",
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/Drain"
              }
            }
          }
        },
        "responses": {
          "200": {
            "description": "The drain as it now is.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Drain"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/backups": {
      "post": {
        "operationId": "createBackup",
        "tags": [
          "admin"
        ],
        "summary": "Write a consistent copy of the database, while the service runs.",
        "responses": {
          "201": {
            "description": "The copy.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Backup"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/v1/doctor": {
      "get": {
        "operationId": "runDoctor",
        "tags": [
          "admin"
        ],
        "summary": "Try each part and say what to change.",
        "responses": {
          "200": {
            "description": "The findings, the worst first.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Diagnosis"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/healthz": {
      "get": {
        "operationId": "getHealth",
        "tags": [
          "health"
        ],
        "summary": "200 while the process answers.",
        "security": [],
        "responses": {
          "200": {
            "description": "Alive.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Health"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/readyz": {
      "get": {
        "operationId": "getReadiness",
        "tags": [
          "health"
        ],
        "summary": "200 once the service can start servers; names what is degraded.",
        "security": [],
        "responses": {
          "200": {
            "description": "Ready.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Readiness"
                }
              }
            }
          },
          "503": {
            "description": "Not ready; `parts` says why.",
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Readiness"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/metrics": {
      "get": {
        "operationId": "getMetrics",
        "tags": [
          "health"
        ],
        "summary": "Prometheus metrics. No label holds a user's name.",
        "security": [],
        "responses": {
          "200": {
            "description": "Metrics in the text format.",
            "content": {
              "text/plain": {
                "schema": {
                  "type": "string"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    },
    "/openapi.json": {
      "get": {
        "operationId": "getContract",
        "tags": [
          "health"
        ],
        "summary": "This document.",
        "security": [],
        "responses": {
          "200": {
            "description": "The document, as JSON.",
            "content": {
              "application/json": {
                "schema": {
                  "type": "object"
                }
              }
            }
          },
          "default": {
            "$ref": "#/components/responses/Problem"
          }
        }
      }
    }
  },
  "components": {
    "securitySchemes": {
      "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token from `<state>/hub.token`, `<state>/admin.token` or a declared token file."
      }
    },
    "parameters": {
      "Key": {
        "name": "key",
        "in": "path",
        "required": true,
        "description": "The server's key (see Keys above).",
        "schema": {
          "$ref": "#/components/schemas/Key"
        }
      },
      "User": {
        "name": "name",
        "in": "path",
        "required": true,
        "description": "The hub's name for the user.",
        "schema": {
          "$ref": "#/components/schemas/UserName"
        }
      },
      "UserFilter": {
        "name": "user",
        "in": "query",
        "description": "Only servers of this user, by the hub's name for them.",
        "schema": {
          "$ref": "#/components/schemas/UserName"
        }
      },
      "Limit": {
        "name": "limit",
        "in": "query",
        "description": "At most this many items.",
        "schema": {
          "type": "integer",
          "minimum": 1,
          "maximum": 5000,
          "default": 500
        }
      },
      "After": {
        "name": "after",
        "in": "query",
        "description": "The `next` of the page before.",
        "schema": {
          "type": "string",
          "minLength": 1,
          "maxLength": 200,
          "pattern": "^[A-Za-z0-9_-]+$"
        }
      }
    },
    "responses": {
      "Problem": {
        "description": "What is wrong and what would be right (RFC 9457).",
        "content": {
          "application/problem+json": {
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        }
      }
    },
    "schemas": {
      "Key": {
        "type": "string",
        "minLength": 16,
        "maxLength": 60,
        "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
        "examples": [
          "user1-2kqyexqnlzapnpdq"
        ]
      },
      "UserName": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[^\\u0000-\\u001f\\u007f]+$",
        "examples": [
          "bank\\user1"
        ]
      },
      "ServerName": {
        "type": "string",
        "maxLength": 255,
        "pattern": "^[^\\u0000-\\u001f\\u007f]*$",
        "description": "Empty for the default server."
      },
      "Generation": {
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "maximum": 9007199254740991
      },
      "StateName": {
        "type": "string",
        "enum": [
          "starting",
          "running",
          "stopping",
          "exited",
          "failed",
          "stopped"
        ]
      },
      "Time": {
        "type": "string",
        "format": "date-time"
      },
      "StartRequest": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "user",
          "serverName",
          "generation",
          "budgetSeconds",
          "port",
          "environment"
        ],
        "properties": {
          "user": {
            "$ref": "#/components/schemas/UserName"
          },
          "serverName": {
            "$ref": "#/components/schemas/ServerName"
          },
          "generation": {
            "$ref": "#/components/schemas/Generation"
          },
          "budgetSeconds": {
            "type": "number",
            "minimum": 1,
            "maximum": 86400,
            "description": "Seconds from now within which the server must listen; after that the start fails and is undone."
          },
          "port": {
            "type": "integer",
            "minimum": 1024,
            "maximum": 65535,
            "description": "The TCP port that the server listens on inside its container."
          },
          "environment": {
            "type": "object",
            "maxProperties": 200,
            "propertyNames": {
              "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,127}$"
            },
            "additionalProperties": {
              "type": "string",
              "maxLength": 65536,
              "pattern": "^[^\\u0000]*$"
            },
            "description": "Environment of the container. Keys that Berth sets itself and LD_* are refused."
          },
          "image": {
            "type": "string",
            "minLength": 1,
            "maxLength": 512,
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._/:@-]*$",
            "description": "One of the hub's choices; without it, the default."
          },
          "command": {
            "type": "array",
            "minItems": 1,
            "maxItems": 64,
            "items": {
              "type": "string",
              "maxLength": 4096,
              "pattern": "^[^\\u0000]*$"
            },
            "description": "Only a command that the configuration lists; without it, the image's own."
          },
          "limits": {
            "$ref": "#/components/schemas/Limits"
          },
          "certificates": {
            "$ref": "#/components/schemas/Certificates"
          }
        }
      },
      "Limits": {
        "type": "object",
        "additionalProperties": false,
        "description": "At most what the configuration gives.",
        "properties": {
          "memoryBytes": {
            "type": "integer",
            "format": "int64",
            "minimum": 6291456,
            "maximum": 9007199254740991
          },
          "cpus": {
            "type": "number",
            "minimum": 0.01,
            "maximum": 4096
          }
        }
      },
      "Certificates": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "key",
          "certificate",
          "authority"
        ],
        "description": "The hub's internal SSL, PEM. Mounted read-only at /run/berth/ssl as key.pem, cert.pem, ca.pem.",
        "properties": {
          "key": {
            "$ref": "#/components/schemas/Pem"
          },
          "certificate": {
            "$ref": "#/components/schemas/Pem"
          },
          "authority": {
            "$ref": "#/components/schemas/Pem"
          }
        }
      },
      "Pem": {
        "type": "string",
        "minLength": 1,
        "maxLength": 65536,
        "pattern": "^-----BEGIN "
      },
      "Server": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "key",
          "hub",
          "user",
          "serverName",
          "generation",
          "status",
          "observedAt",
          "stale",
          "progress",
          "image",
          "drift",
          "abandoned"
        ],
        "properties": {
          "key": {
            "$ref": "#/components/schemas/Key"
          },
          "hub": {
            "type": "string"
          },
          "user": {
            "type": "string"
          },
          "serverName": {
            "type": "string"
          },
          "generation": {
            "$ref": "#/components/schemas/Generation"
          },
          "status": {
            "$ref": "#/components/schemas/Status"
          },
          "observedAt": {
            "$ref": "#/components/schemas/Time",
            "description": "When the status was last known to be true."
          },
          "stale": {
            "type": "boolean",
            "description": "True while Docker can't be asked: the server is what it last was."
          },
          "progress": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/Progress"
            },
            "description": "The steps of the current or last start, oldest first."
          },
          "image": {
            "type": "string",
            "description": "The image's reference as it was asked for."
          },
          "imageId": {
            "type": "string",
            "description": "The image the container runs, by id."
          },
          "container": {
            "$ref": "#/components/schemas/Container"
          },
          "drift": {
            "type": "array",
            "items": {
              "type": "string"
            },
            "description": "What the configuration now says otherwise than the running container; takes effect at the next start."
          },
          "abandoned": {
            "type": "boolean",
            "description": "No hub has asked for it within the configured hours."
          }
        }
      },
      "Container": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "id",
          "name"
        ],
        "properties": {
          "id": {
            "type": "string"
          },
          "name": {
            "type": "string"
          }
        }
      },
      "Status": {
        "oneOf": [
          {
            "$ref": "#/components/schemas/Starting"
          },
          {
            "$ref": "#/components/schemas/Running"
          },
          {
            "$ref": "#/components/schemas/Stopping"
          },
          {
            "$ref": "#/components/schemas/Exited"
          },
          {
            "$ref": "#/components/schemas/Failed"
          },
          {
            "$ref": "#/components/schemas/Stopped"
          }
        ],
        "discriminator": {
          "propertyName": "state",
          "mapping": {
            "starting": "#/components/schemas/Starting",
            "running": "#/components/schemas/Running",
            "stopping": "#/components/schemas/Stopping",
            "exited": "#/components/schemas/Exited",
            "failed": "#/components/schemas/Failed",
            "stopped": "#/components/schemas/Stopped"
          }
        }
      },
      "Starting": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "state",
          "since",
          "deadline",
          "step"
        ],
        "properties": {
          "state": {
            "type": "string",
            "enum": [
              "starting"
            ]
          },
          "since": {
            "$ref": "#/components/schemas/Time"
          },
          "deadline": {
            "$ref": "#/components/schemas/Time"
          },
          "step": {
            "type": "string",
            "description": "The step under way."
          }
        }
      },
      "Running": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "state",
          "since",
          "url"
        ],
        "properties": {
          "state": {
            "type": "string",
            "enum": [
              "running"
            ]
          },
          "since": {
            "$ref": "#/components/schemas/Time"
          },
          "url": {
            "type": "string",
            "format": "uri",
            "description": "Where the hub's proxy reaches the server; scheme, host and port only."
          }
        }
      },
      "Stopping": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "state",
          "since"
        ],
        "properties": {
          "state": {
            "type": "string",
            "enum": [
              "stopping"
            ]
          },
          "since": {
            "$ref": "#/components/schemas/Time"
          }
        }
      },
      "Exited": {
        "type": "object",
        "additionalProperties": false,
        "description": "It ran, and ended by itself or from outside.",
        "required": [
          "state",
          "exit"
        ],
        "properties": {
          "state": {
            "type": "string",
            "enum": [
              "exited"
            ]
          },
          "exit": {
            "$ref": "#/components/schemas/Exit"
          }
        }
      },
      "Failed": {
        "type": "object",
        "additionalProperties": false,
        "description": "Its start failed and was undone.",
        "required": [
          "state",
          "since",
          "failure"
        ],
        "properties": {
          "state": {
            "type": "string",
            "enum": [
              "failed"
            ]
          },
          "since": {
            "$ref": "#/components/schemas/Time"
          },
          "failure": {
            "$ref": "#/components/schemas/Failure"
          }
        }
      },
      "Stopped": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "state",
          "since"
        ],
        "properties": {
          "state": {
            "type": "string",
            "enum": [
              "stopped"
            ]
          },
          "since": {
            "$ref": "#/components/schemas/Time"
          }
        }
      },
      "Exit": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "at",
          "code",
          "oomKilled",
          "reason"
        ],
        "properties": {
          "at": {
            "$ref": "#/components/schemas/Time"
          },
          "code": {
            "type": [
              "integer",
              "null"
            ],
            "description": "The exit code; null where the container vanished before it could be read."
          },
          "oomKilled": {
            "type": "boolean"
          },
          "reason": {
            "type": "string",
            "description": "One sentence for the user."
          }
        }
      },
      "Failure": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "code",
          "step",
          "message",
          "retryable"
        ],
        "properties": {
          "code": {
            "$ref": "#/components/schemas/ProblemCode"
          },
          "step": {
            "type": "string"
          },
          "message": {
            "type": "string",
            "description": "One sentence for the user."
          },
          "retryable": {
            "type": "boolean",
            "description": "True where the same start, sent anew with a higher generation, may succeed at once (the service was restarted in mid-start)."
          },
          "exit": {
            "$ref": "#/components/schemas/Exit"
          }
        }
      },
      "Progress": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "at",
          "percent",
          "message"
        ],
        "properties": {
          "at": {
            "$ref": "#/components/schemas/Time"
          },
          "percent": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100
          },
          "message": {
            "type": "string"
          }
        }
      },
      "Event": {
        "oneOf": [
          {
            "$ref": "#/components/schemas/SnapshotEvent"
          },
          {
            "$ref": "#/components/schemas/ServerEvent"
          },
          {
            "$ref": "#/components/schemas/ProgressEvent"
          }
        ],
        "discriminator": {
          "propertyName": "type",
          "mapping": {
            "snapshot": "#/components/schemas/SnapshotEvent",
            "server": "#/components/schemas/ServerEvent",
            "progress": "#/components/schemas/ProgressEvent"
          }
        }
      },
      "SnapshotEvent": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "type",
          "id",
          "servers"
        ],
        "properties": {
          "type": {
            "type": "string",
            "enum": [
              "snapshot"
            ]
          },
          "id": {
            "type": "integer",
            "format": "int64"
          },
          "servers": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/Server"
            }
          }
        }
      },
      "ServerEvent": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "type",
          "id",
          "server"
        ],
        "properties": {
          "type": {
            "type": "string",
            "enum": [
              "server"
            ]
          },
          "id": {
            "type": "integer",
            "format": "int64"
          },
          "server": {
            "$ref": "#/components/schemas/Server"
          }
        }
      },
      "ProgressEvent": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "type",
          "id",
          "key",
          "generation",
          "progress"
        ],
        "properties": {
          "type": {
            "type": "string",
            "enum": [
              "progress"
            ]
          },
          "id": {
            "type": "integer",
            "format": "int64"
          },
          "key": {
            "$ref": "#/components/schemas/Key"
          },
          "generation": {
            "$ref": "#/components/schemas/Generation"
          },
          "progress": {
            "$ref": "#/components/schemas/Progress"
          }
        }
      },
      "ServerPage": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "items",
          "next"
        ],
        "properties": {
          "items": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/Server"
            }
          },
          "next": {
            "type": [
              "string",
              "null"
            ]
          }
        }
      },
      "Logs": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "key",
          "lines"
        ],
        "properties": {
          "key": {
            "$ref": "#/components/schemas/Key"
          },
          "lines": {
            "type": "array",
            "items": {
              "type": "string"
            }
          }
        }
      },
      "HistoryPage": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "items",
          "next"
        ],
        "properties": {
          "items": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/HistoryEntry"
            }
          },
          "next": {
            "type": [
              "string",
              "null"
            ]
          }
        }
      },
      "HistoryEntry": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "key",
          "hub",
          "user",
          "serverName",
          "generation",
          "image",
          "requestedAt",
          "endedAt",
          "outcome",
          "logTail"
        ],
        "properties": {
          "key": {
            "$ref": "#/components/schemas/Key"
          },
          "hub": {
            "type": "string"
          },
          "user": {
            "type": "string"
          },
          "serverName": {
            "type": "string"
          },
          "generation": {
            "$ref": "#/components/schemas/Generation"
          },
          "image": {
            "type": "string"
          },
          "requestedAt": {
            "$ref": "#/components/schemas/Time"
          },
          "runningAt": {
            "$ref": "#/components/schemas/Time"
          },
          "endedAt": {
            "$ref": "#/components/schemas/Time"
          },
          "outcome": {
            "type": "string",
            "enum": [
              "stopped",
              "exited",
              "failed",
              "vanished"
            ],
            "description": "`stopped` on request; `exited` by itself or from outside; `failed` before it ran; `vanished` where its container was gone."
          },
          "exit": {
            "$ref": "#/components/schemas/Exit"
          },
          "failure": {
            "$ref": "#/components/schemas/Failure"
          },
          "logTail": {
            "type": "array",
            "items": {
              "type": "string"
            },
            "description": "Last log lines, oldest first. Empty for viewers."
          }
        }
      },
      "LoginRequest": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "username",
          "password"
        ],
        "properties": {
          "username": {
            "type": "string",
            "maxLength": 1024,
            "description": "As it was typed: `user1`, `BANK\\user1`, `user1@corp.example.test`."
          },
          "password": {
            "type": "string",
            "maxLength": 1024
          },
          "remoteAddress": {
            "type": "string",
            "maxLength": 64,
            "description": "Whose connection the hub saw; for the audit log and the throttle."
          },
          "forwardedFor": {
            "type": "array",
            "maxItems": 32,
            "items": {
              "type": "string",
              "maxLength": 64
            },
            "description": "The addresses of X-Forwarded-For, in its order. Believed as far as trusted proxies are declared."
          }
        }
      },
      "User": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "name",
          "admin",
          "groups",
          "sid",
          "principal",
          "account",
          "ticket",
          "logins",
          "confirmedAt",
          "notices"
        ],
        "properties": {
          "name": {
            "$ref": "#/components/schemas/UserName"
          },
          "displayName": {
            "type": "string"
          },
          "admin": {
            "type": "boolean",
            "description": "In one of `login.adminGroups`."
          },
          "groups": {
            "type": "array",
            "items": {
              "type": "string"
            },
            "description": "Those of `login.hubGroups` that the user is in."
          },
          "allowedBy": {
            "type": "string",
            "description": "The entry of `login.allow` that let the user in."
          },
          "sid": {
            "type": [
              "string",
              "null"
            ],
            "description": "What the name is bound to; null where no directory is configured."
          },
          "principal": {
            "type": [
              "string",
              "null"
            ],
            "examples": [
              "user1@CORP.EXAMPLE.TEST"
            ]
          },
          "account": {
            "oneOf": [
              {
                "$ref": "#/components/schemas/Account"
              },
              {
                "type": "null"
              }
            ],
            "description": "What the user's servers run as; null where they run as the image's user."
          },
          "ticket": {
            "oneOf": [
              {
                "$ref": "#/components/schemas/Ticket"
              },
              {
                "type": "null"
              }
            ]
          },
          "logins": {
            "type": "array",
            "description": "The last login through each hub.",
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "hub",
                "at"
              ],
              "properties": {
                "hub": {
                  "type": "string"
                },
                "at": {
                  "$ref": "#/components/schemas/Time"
                }
              }
            }
          },
          "confirmedAt": {
            "type": [
              "string",
              "null"
            ],
            "format": "date-time",
            "description": "When the directory last said that this user may log in."
          },
          "notices": {
            "type": "array",
            "items": {
              "type": "string"
            },
            "description": "What the user should know, each a sentence."
          }
        }
      },
      "Account": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "name",
          "uid",
          "gid",
          "groups",
          "home"
        ],
        "properties": {
          "name": {
            "type": "string"
          },
          "uid": {
            "type": "integer",
            "format": "int64"
          },
          "gid": {
            "type": "integer",
            "format": "int64"
          },
          "groups": {
            "type": "array",
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "gid",
                "name"
              ],
              "properties": {
                "gid": {
                  "type": "integer",
                  "format": "int64"
                },
                "name": {
                  "type": "string"
                }
              }
            }
          },
          "home": {
            "type": "string"
          }
        }
      },
      "Ticket": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "principal",
          "startsAt",
          "endsAt",
          "renewTill",
          "forwardable",
          "source",
          "nextRenewal",
          "problem"
        ],
        "properties": {
          "principal": {
            "type": "string"
          },
          "startsAt": {
            "$ref": "#/components/schemas/Time"
          },
          "endsAt": {
            "$ref": "#/components/schemas/Time"
          },
          "renewTill": {
            "type": [
              "string",
              "null"
            ],
            "format": "date-time",
            "description": "Null: not renewable."
          },
          "forwardable": {
            "type": "boolean"
          },
          "source": {
            "type": "string",
            "enum": [
              "password",
              "keytab",
              "host"
            ]
          },
          "nextRenewal": {
            "type": [
              "string",
              "null"
            ],
            "format": "date-time",
            "description": "Null while no server of the user runs."
          },
          "problem": {
            "type": [
              "string",
              "null"
            ],
            "description": "Why the last renewal failed."
          }
        }
      },
      "Refresh": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "loggedIn",
          "asked",
          "reason",
          "user"
        ],
        "properties": {
          "loggedIn": {
            "type": "boolean"
          },
          "asked": {
            "type": "boolean",
            "description": "True where the directory answered; false while nobody could be asked and the grace runs."
          },
          "reason": {
            "type": [
              "string",
              "null"
            ],
            "description": "Why not, or why the directory could not be asked."
          },
          "user": {
            "oneOf": [
              {
                "$ref": "#/components/schemas/User"
              },
              {
                "type": "null"
              }
            ]
          }
        }
      },
      "Explanation": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "name",
          "known",
          "allowed",
          "admin",
          "refusal",
          "directory",
          "groups",
          "entries",
          "account",
          "accountProblem",
          "ticket"
        ],
        "properties": {
          "name": {
            "$ref": "#/components/schemas/UserName"
          },
          "known": {
            "type": "boolean",
            "description": "Has logged in here before."
          },
          "allowed": {
            "type": "boolean"
          },
          "admin": {
            "type": "boolean"
          },
          "refusal": {
            "type": [
              "string",
              "null"
            ],
            "description": "Why a login would be refused now, in the sentence that the user reads."
          },
          "directory": {
            "type": [
              "object",
              "null"
            ],
            "additionalProperties": false,
            "required": [
              "sid",
              "distinguishedName",
              "sAMAccountName",
              "principal"
            ],
            "properties": {
              "sid": {
                "type": "string"
              },
              "distinguishedName": {
                "type": "string"
              },
              "sAMAccountName": {
                "type": "string"
              },
              "principal": {
                "type": "string"
              }
            }
          },
          "groups": {
            "type": "array",
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "sid",
                "name",
                "how",
                "path"
              ],
              "properties": {
                "sid": {
                  "type": "string"
                },
                "name": {
                  "type": [
                    "string",
                    "null"
                  ]
                },
                "how": {
                  "type": "string",
                  "enum": [
                    "primary",
                    "direct",
                    "nested"
                  ]
                },
                "path": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  },
                  "description": "From the group that the account is a member of to this one."
                }
              }
            }
          },
          "entries": {
            "type": "array",
            "description": "Each entry of `login.allow`, `login.adminGroups` and `login.hubGroups`, and whether the user is in it.",
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "list",
                "entry",
                "sid",
                "matched"
              ],
              "properties": {
                "list": {
                  "type": "string",
                  "enum": [
                    "allow",
                    "adminGroups",
                    "hubGroups"
                  ]
                },
                "entry": {
                  "type": "string"
                },
                "sid": {
                  "type": [
                    "string",
                    "null"
                  ],
                  "description": "Null where the directory knows no such group."
                },
                "matched": {
                  "type": "boolean"
                }
              }
            }
          },
          "account": {
            "oneOf": [
              {
                "$ref": "#/components/schemas/Account"
              },
              {
                "type": "null"
              }
            ]
          },
          "accountProblem": {
            "type": [
              "string",
              "null"
            ],
            "description": "Why no server could run as this account."
          },
          "ticket": {
            "oneOf": [
              {
                "$ref": "#/components/schemas/Ticket"
              },
              {
                "type": "null"
              }
            ]
          }
        }
      },
      "Hub": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "name",
          "instance",
          "version",
          "apiUrl",
          "network",
          "login",
          "advice",
          "choices"
        ],
        "properties": {
          "name": {
            "type": "string"
          },
          "instance": {
            "type": "string",
            "description": "The id of this service, which its containers carry."
          },
          "version": {
            "type": "string"
          },
          "apiUrl": {
            "type": [
              "string",
              "null"
            ],
            "description": "What the hub's API URL is pinned to; null where the configuration says nothing."
          },
          "network": {
            "type": [
              "object",
              "null"
            ],
            "description": "The network that notebooks join; null until Docker has answered.",
            "additionalProperties": false,
            "required": [
              "name",
              "gateway"
            ],
            "properties": {
              "name": {
                "type": "string"
              },
              "gateway": {
                "type": [
                  "string",
                  "null"
                ],
                "description": "The host's address on it: what a hub on the host sets as hub_ip."
              }
            }
          },
          "login": {
            "type": "string",
            "enum": [
              "directory",
              "none"
            ],
            "description": "Whether POST /v1/logins can log anybody in."
          },
          "advice": {
            "type": "array",
            "items": {
              "type": "string"
            },
            "description": "What the hub's configuration lacks, each a sentence with the line to add."
          },
          "choices": {
            "type": "object",
            "additionalProperties": false,
            "required": [
              "images",
              "commands",
              "form"
            ],
            "properties": {
              "form": {
                "type": "string",
                "description": "HTML for the hub's page of options; empty where there is nothing to choose or to say."
              },
              "images": {
                "type": "array",
                "description": "What the options form offers, the default first.",
                "items": {
                  "type": "object",
                  "additionalProperties": false,
                  "required": [
                    "reference",
                    "title"
                  ],
                  "properties": {
                    "reference": {
                      "type": "string"
                    },
                    "title": {
                      "type": "string"
                    }
                  }
                }
              },
              "commands": {
                "type": "array",
                "items": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                }
              }
            }
          }
        }
      },
      "Drain": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "enabled"
        ],
        "properties": {
          "enabled": {
            "type": "boolean"
          },
          "message": {
            "type": "string",
            "maxLength": 500,
            "pattern": "^[^\\u0000-\\u001f\\u007f]*$",
            "description": "What a user whose start is refused reads."
          }
        }
      },
      "Backup": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "path",
          "bytes",
          "at"
        ],
        "properties": {
          "path": {
            "type": "string"
          },
          "bytes": {
            "type": "integer"
          },
          "at": {
            "$ref": "#/components/schemas/Time"
          }
        }
      },
      "Diagnosis": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "items"
        ],
        "properties": {
          "items": {
            "type": "array",
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "part",
                "level",
                "finding"
              ],
              "properties": {
                "part": {
                  "type": "string",
                  "examples": [
                    "docker"
                  ]
                },
                "level": {
                  "type": "string",
                  "enum": [
                    "error",
                    "warning",
                    "ok"
                  ]
                },
                "finding": {
                  "type": "string"
                },
                "mend": {
                  "type": "string",
                  "description": "What to change."
                }
              }
            }
          }
        }
      },
      "Health": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "status"
        ],
        "properties": {
          "status": {
            "type": "string",
            "enum": [
              "ok"
            ]
          }
        }
      },
      "Readiness": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "ready",
          "parts"
        ],
        "properties": {
          "ready": {
            "type": "boolean"
          },
          "parts": {
            "type": "array",
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "part",
                "state"
              ],
              "properties": {
                "part": {
                  "type": "string",
                  "examples": [
                    "docker"
                  ]
                },
                "state": {
                  "type": "string",
                  "enum": [
                    "ok",
                    "degraded",
                    "down"
                  ]
                },
                "detail": {
                  "type": "string"
                },
                "since": {
                  "$ref": "#/components/schemas/Time"
                }
              }
            }
          }
        }
      },
      "Problem": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "type",
          "title",
          "status",
          "code",
          "detail",
          "instance"
        ],
        "properties": {
          "type": {
            "type": "string",
            "examples": [
              "urn:berth:problem:server-not-found"
            ]
          },
          "title": {
            "type": "string"
          },
          "status": {
            "type": "integer",
            "minimum": 400,
            "maximum": 599
          },
          "code": {
            "$ref": "#/components/schemas/ProblemCode"
          },
          "detail": {
            "type": "string",
            "description": "What is wrong, where, and what would be right."
          },
          "instance": {
            "type": "string",
            "description": "The request id."
          },
          "current": {
            "$ref": "#/components/schemas/Generation",
            "description": "With generation-superseded: the generation in force."
          },
          "errors": {
            "type": "array",
            "description": "With request-invalid, each place that is wrong.",
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "path",
                "message"
              ],
              "properties": {
                "path": {
                  "type": "string"
                },
                "message": {
                  "type": "string"
                }
              }
            }
          }
        }
      },
      "ProblemCode": {
        "type": "string",
        "enum": [
          "request-invalid",
          "body-too-large",
          "media-type-unsupported",
          "not-found",
          "method-not-allowed",
          "token-missing",
          "token-invalid",
          "role-insufficient",
          "server-not-found",
          "key-mismatch",
          "generation-superseded",
          "image-not-allowed",
          "command-not-allowed",
          "environment-not-allowed",
          "limits-exceeded",
          "hub-url-mismatch",
          "hub-unreachable",
          "credentials-wrong",
          "account-disabled",
          "account-locked",
          "account-expired",
          "password-expired",
          "password-must-change",
          "logon-hours",
          "logon-workstation",
          "group-missing",
          "name-rebound",
          "login-throttled",
          "login-not-configured",
          "login-required",
          "user-not-found",
          "user-has-servers",
          "directory-unreachable",
          "directory-timeout",
          "directory-untrusted",
          "directory-refused",
          "no-service-account",
          "account-unknown",
          "account-unsafe",
          "uid-collision",
          "uid-unmapped",
          "home-unsafe",
          "name-service-failed",
          "name-invalid",
          "ticket-refused",
          "kdc-unreachable",
          "ticket-missing",
          "ticket-ended",
          "ticket-unsafe",
          "cache-unsupported",
          "ticket-failed",
          "draining",
          "not-ready",
          "shutting-down",
          "docker-unreachable",
          "docker-timeout",
          "docker-refused",
          "image-not-found",
          "image-pull-failed",
          "image-runs-as-root",
          "name-taken",
          "exited-in-start",
          "start-timeout",
          "start-interrupted",
          "start-cancelled",
          "disk-full",
          "store-failed",
          "internal"
        ]
      }
    }
  }
};
