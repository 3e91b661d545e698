// Generated from openapi/berth.yaml by generate.ts. Do not edit.
export interface paths {
    "/v1/servers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The servers this token may see, by key. */
        get: operations["listServers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/servers/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The server's key (see Keys above). */
                key: components["parameters"]["Key"];
            };
            cookie?: never;
        };
        /** One server, as it stands. */
        get: operations["getServer"];
        /** Start a server, idempotent by generation. Only a hub starts servers. */
        put: operations["startServer"];
        post?: never;
        /** Stop a server, idempotent by generation. */
        delete: operations["stopServer"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/servers/{key}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The server's key (see Keys above). */
                key: components["parameters"]["Key"];
            };
            cookie?: never;
        };
        /**
         * The last log lines of a server's container, or those kept when it ended.
         * @description Log lines may hold what the user's programs print. The server's own hub and admins may read them, viewers may not.
         */
        get: operations["getServerLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens to the servers this token may see, as server-sent events.
         * @description Each event's `id` is an integer that only grows, also across restarts of the service; `event` is one of `snapshot`, `server`, `progress`;
         *     `data` is an `Event`. A stream begins with a `snapshot` of all servers that aren't stopped, unless `after` (or the
         *     Last-Event-ID header) names an event that is still remembered: then it goes on behind it. A comment line is sent every 15 s.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/logins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Log a user in by the directory's password; only a hub does. The answer holds no secret. */
        post: operations["logIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hub's name for the user. */
                name: components["parameters"]["User"];
            };
            cookie?: never;
        };
        /** Who a user is, and which ticket there is. Asks neither directory nor KDC. */
        get: operations["getUser"];
        put?: never;
        post?: never;
        /**
         * Forget the account that this name is bound to, and destroy its ticket; the next login binds the name anew.
         * @description For a name that was given to another person. Home folder, volumes and history stay, and are the next account's
         *     to use: look at them first. Refused while the user has servers.
         */
        delete: operations["forgetUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{name}/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hub's name for the user. */
                name: components["parameters"]["User"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ask the directory whether a user may still be logged in. */
        post: operations["refreshUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{name}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hub's name for the user. */
                name: components["parameters"]["User"];
            };
            cookie?: never;
        };
        /** Why a user gets in or doesn't, in which groups by which path, and as which account; also of users who never logged in. */
        get: operations["explainUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{name}/ticket": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hub's name for the user. */
                name: components["parameters"]["User"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Destroy a user's ticket, also in running containers. A new login brings another. */
        delete: operations["destroyTicket"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hub": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the service knows of the hub that asks, and what that hub may choose from. */
        get: operations["getHub"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Servers that ended, newest first, with exit code, out-of-memory mark and last log lines. */
        get: operations["listHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether new starts are refused. */
        get: operations["getDrain"];
        /** Refuse new starts, or accept them again. Running servers go on. Kept across restarts. */
        put: operations["setDrain"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/backups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Write a consistent copy of the database, while the service runs. */
        post: operations["createBackup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/doctor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Try each part and say what to change. */
        get: operations["runDoctor"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** 200 while the process answers. */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** 200 once the service can start servers; names what is degraded. */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prometheus metrics. No label holds a user's name. */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document. */
        get: operations["getContract"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @example user1-2kqyexqnlzapnpdq */
        Key: string;
        /** @example bank\user1 */
        UserName: string;
        /** @description Empty for the default server. */
        ServerName: string;
        /** Format: int64 */
        Generation: number;
        /** @enum {string} */
        StateName: "starting" | "running" | "stopping" | "exited" | "failed" | "stopped";
        /** Format: date-time */
        Time: string;
        StartRequest: {
            user: components["schemas"]["UserName"];
            serverName: components["schemas"]["ServerName"];
            generation: components["schemas"]["Generation"];
            /** @description Seconds from now within which the server must listen; after that the start fails and is undone. */
            budgetSeconds: number;
            /** @description The TCP port that the server listens on inside its container. */
            port: number;
            /** @description Environment of the container. Keys that Berth sets itself and LD_* are refused. */
            environment: {
                [key: string]: string;
            };
            /** @description One of the hub's choices; without it, the default. */
            image?: string;
            /** @description Only a command that the configuration lists; without it, the image's own. */
            command?: string[];
            limits?: components["schemas"]["Limits"];
            certificates?: components["schemas"]["Certificates"];
        };
        /** @description At most what the configuration gives. */
        Limits: {
            /** Format: int64 */
            memoryBytes?: number;
            cpus?: number;
        };
        /** @description The hub's internal SSL, PEM. Mounted read-only at /run/berth/ssl as key.pem, cert.pem, ca.pem. */
        Certificates: {
            key: components["schemas"]["Pem"];
            certificate: components["schemas"]["Pem"];
            authority: components["schemas"]["Pem"];
        };
        Pem: string;
        Server: {
            key: components["schemas"]["Key"];
            hub: string;
            user: string;
            serverName: string;
            generation: components["schemas"]["Generation"];
            status: components["schemas"]["Status"];
            /** @description When the status was last known to be true. */
            observedAt: components["schemas"]["Time"];
            /** @description True while Docker can't be asked: the server is what it last was. */
            stale: boolean;
            /** @description The steps of the current or last start, oldest first. */
            progress: components["schemas"]["Progress"][];
            /** @description The image's reference as it was asked for. */
            image: string;
            /** @description The image the container runs, by id. */
            imageId?: string;
            container?: components["schemas"]["Container"];
            /** @description What the configuration now says otherwise than the running container; takes effect at the next start. */
            drift: string[];
            /** @description No hub has asked for it within the configured hours. */
            abandoned: boolean;
        };
        Container: {
            id: string;
            name: string;
        };
        Status: components["schemas"]["Starting"] | components["schemas"]["Running"] | components["schemas"]["Stopping"] | components["schemas"]["Exited"] | components["schemas"]["Failed"] | components["schemas"]["Stopped"];
        Starting: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            state: "starting";
            since: components["schemas"]["Time"];
            deadline: components["schemas"]["Time"];
            /** @description The step under way. */
            step: string;
        };
        Running: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            state: "running";
            since: components["schemas"]["Time"];
            /**
             * Format: uri
             * @description Where the hub's proxy reaches the server; scheme, host and port only.
             */
            url: string;
        };
        Stopping: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            state: "stopping";
            since: components["schemas"]["Time"];
        };
        /** @description It ran, and ended by itself or from outside. */
        Exited: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            state: "exited";
            exit: components["schemas"]["Exit"];
        };
        /** @description Its start failed and was undone. */
        Failed: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            state: "failed";
            since: components["schemas"]["Time"];
            failure: components["schemas"]["Failure"];
        };
        Stopped: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            state: "stopped";
            since: components["schemas"]["Time"];
        };
        Exit: {
            at: components["schemas"]["Time"];
            /** @description The exit code; null where the container vanished before it could be read. */
            code: number | null;
            oomKilled: boolean;
            /** @description One sentence for the user. */
            reason: string;
        };
        Failure: {
            code: components["schemas"]["ProblemCode"];
            step: string;
            /** @description One sentence for the user. */
            message: string;
            /** @description True where the same start, sent anew with a higher generation, may succeed at once (the service was restarted in mid-start). */
            retryable: boolean;
            exit?: components["schemas"]["Exit"];
        };
        Progress: {
            at: components["schemas"]["Time"];
            percent: number;
            message: string;
        };
        Event: components["schemas"]["SnapshotEvent"] | components["schemas"]["ServerEvent"] | components["schemas"]["ProgressEvent"];
        SnapshotEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "snapshot";
            /** Format: int64 */
            id: number;
            servers: components["schemas"]["Server"][];
        };
        ServerEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "server";
            /** Format: int64 */
            id: number;
            server: components["schemas"]["Server"];
        };
        ProgressEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "progress";
            /** Format: int64 */
            id: number;
            key: components["schemas"]["Key"];
            generation: components["schemas"]["Generation"];
            progress: components["schemas"]["Progress"];
        };
        ServerPage: {
            items: components["schemas"]["Server"][];
            next: string | null;
        };
        Logs: {
            key: components["schemas"]["Key"];
            lines: string[];
        };
        HistoryPage: {
            items: components["schemas"]["HistoryEntry"][];
            next: string | null;
        };
        HistoryEntry: {
            key: components["schemas"]["Key"];
            hub: string;
            user: string;
            serverName: string;
            generation: components["schemas"]["Generation"];
            image: string;
            requestedAt: components["schemas"]["Time"];
            runningAt?: components["schemas"]["Time"];
            endedAt: components["schemas"]["Time"];
            /**
             * @description `stopped` on request; `exited` by itself or from outside; `failed` before it ran; `vanished` where its container was gone.
             * @enum {string}
             */
            outcome: "stopped" | "exited" | "failed" | "vanished";
            exit?: components["schemas"]["Exit"];
            failure?: components["schemas"]["Failure"];
            /** @description Last log lines, oldest first. Empty for viewers. */
            logTail: string[];
        };
        LoginRequest: {
            /** @description As it was typed: `user1`, `BANK\user1`, `user1@corp.example.test`. */
            username: string;
            password: string;
            /** @description Whose connection the hub saw; for the audit log and the throttle. */
            remoteAddress?: string;
            /** @description The addresses of X-Forwarded-For, in its order. Believed as far as trusted proxies are declared. */
            forwardedFor?: string[];
        };
        User: {
            name: components["schemas"]["UserName"];
            displayName?: string;
            /** @description In one of `login.adminGroups`. */
            admin: boolean;
            /** @description Those of `login.hubGroups` that the user is in. */
            groups: string[];
            /** @description The entry of `login.allow` that let the user in. */
            allowedBy?: string;
            /** @description What the name is bound to; null where no directory is configured. */
            sid: string | null;
            /** @example user1@CORP.EXAMPLE.TEST */
            principal: string | null;
            /** @description What the user's servers run as; null where they run as the image's user. */
            account: components["schemas"]["Account"] | null;
            ticket: components["schemas"]["Ticket"] | null;
            /** @description The last login through each hub. */
            logins: {
                hub: string;
                at: components["schemas"]["Time"];
            }[];
            /**
             * Format: date-time
             * @description When the directory last said that this user may log in.
             */
            confirmedAt: string | null;
            /** @description What the user should know, each a sentence. */
            notices: string[];
        };
        Account: {
            name: string;
            /** Format: int64 */
            uid: number;
            /** Format: int64 */
            gid: number;
            groups: {
                /** Format: int64 */
                gid: number;
                name: string;
            }[];
            home: string;
        };
        Ticket: {
            principal: string;
            startsAt: components["schemas"]["Time"];
            endsAt: components["schemas"]["Time"];
            /**
             * Format: date-time
             * @description Null: not renewable.
             */
            renewTill: string | null;
            forwardable: boolean;
            /** @enum {string} */
            source: "password" | "keytab" | "host";
            /**
             * Format: date-time
             * @description Null while no server of the user runs.
             */
            nextRenewal: string | null;
            /** @description Why the last renewal failed. */
            problem: string | null;
        };
        Refresh: {
            loggedIn: boolean;
            /** @description True where the directory answered; false while nobody could be asked and the grace runs. */
            asked: boolean;
            /** @description Why not, or why the directory could not be asked. */
            reason: string | null;
            user: components["schemas"]["User"] | null;
        };
        Explanation: {
            name: components["schemas"]["UserName"];
            /** @description Has logged in here before. */
            known: boolean;
            allowed: boolean;
            admin: boolean;
            /** @description Why a login would be refused now, in the sentence that the user reads. */
            refusal: string | null;
            directory: {
                sid: string;
                distinguishedName: string;
                sAMAccountName: string;
                principal: string;
            } | null;
            groups: {
                sid: string;
                name: string | null;
                /** @enum {string} */
                how: "primary" | "direct" | "nested";
                /** @description From the group that the account is a member of to this one. */
                path: string[];
            }[];
            /** @description Each entry of `login.allow`, `login.adminGroups` and `login.hubGroups`, and whether the user is in it. */
            entries: {
                /** @enum {string} */
                list: "allow" | "adminGroups" | "hubGroups";
                entry: string;
                /** @description Null where the directory knows no such group. */
                sid: string | null;
                matched: boolean;
            }[];
            account: components["schemas"]["Account"] | null;
            /** @description Why no server could run as this account. */
            accountProblem: string | null;
            ticket: components["schemas"]["Ticket"] | null;
        };
        Hub: {
            name: string;
            /** @description The id of this service, which its containers carry. */
            instance: string;
            version: string;
            /** @description What the hub's API URL is pinned to; null where the configuration says nothing. */
            apiUrl: string | null;
            /** @description The network that notebooks join; null until Docker has answered. */
            network: {
                name: string;
                /** @description The host's address on it: what a hub on the host sets as hub_ip. */
                gateway: string | null;
            } | null;
            /**
             * @description Whether POST /v1/logins can log anybody in.
             * @enum {string}
             */
            login: "directory" | "none";
            /** @description What the hub's configuration lacks, each a sentence with the line to add. */
            advice: string[];
            choices: {
                /** @description HTML for the hub's page of options; empty where there is nothing to choose or to say. */
                form: string;
                /** @description What the options form offers, the default first. */
                images: {
                    reference: string;
                    title: string;
                }[];
                commands: string[][];
            };
        };
        Drain: {
            enabled: boolean;
            /** @description What a user whose start is refused reads. */
            message?: string;
        };
        Backup: {
            path: string;
            bytes: number;
            at: components["schemas"]["Time"];
        };
        Diagnosis: {
            items: {
                /** @example docker */
                part: string;
                /** @enum {string} */
                level: "error" | "warning" | "ok";
                finding: string;
                /** @description What to change. */
                mend?: string;
            }[];
        };
        Health: {
            /** @enum {string} */
            status: "ok";
        };
        Readiness: {
            ready: boolean;
            parts: {
                /** @example docker */
                part: string;
                /** @enum {string} */
                state: "ok" | "degraded" | "down";
                detail?: string;
                since?: components["schemas"]["Time"];
            }[];
        };
        Problem: {
            /** @example urn:berth:problem:server-not-found */
            type: string;
            title: string;
            status: number;
            code: components["schemas"]["ProblemCode"];
            /** @description What is wrong, where, and what would be right. */
            detail: string;
            /** @description The request id. */
            instance: string;
            /** @description With generation-superseded: the generation in force. */
            current?: components["schemas"]["Generation"];
            /** @description With request-invalid, each place that is wrong. */
            errors?: {
                path: string;
                message: string;
            }[];
        };
        /** @enum {string} */
        ProblemCode: "request-invalid" | "body-too-large" | "media-type-unsupported" | "not-found" | "method-not-allowed" | "token-missing" | "token-invalid" | "role-insufficient" | "server-not-found" | "key-mismatch" | "generation-superseded" | "image-not-allowed" | "command-not-allowed" | "environment-not-allowed" | "limits-exceeded" | "hub-url-mismatch" | "hub-unreachable" | "credentials-wrong" | "account-disabled" | "account-locked" | "account-expired" | "password-expired" | "password-must-change" | "logon-hours" | "logon-workstation" | "group-missing" | "name-rebound" | "login-throttled" | "login-not-configured" | "login-required" | "user-not-found" | "user-has-servers" | "directory-unreachable" | "directory-timeout" | "directory-untrusted" | "directory-refused" | "no-service-account" | "account-unknown" | "account-unsafe" | "uid-collision" | "uid-unmapped" | "home-unsafe" | "name-service-failed" | "name-invalid" | "ticket-refused" | "kdc-unreachable" | "ticket-missing" | "ticket-ended" | "ticket-unsafe" | "cache-unsupported" | "ticket-failed" | "draining" | "not-ready" | "shutting-down" | "docker-unreachable" | "docker-timeout" | "docker-refused" | "image-not-found" | "image-pull-failed" | "image-runs-as-root" | "name-taken" | "exited-in-start" | "start-timeout" | "start-interrupted" | "start-cancelled" | "disk-full" | "store-failed" | "internal";
    };
    responses: {
        /** @description What is wrong and what would be right (RFC 9457). */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description The server's key (see Keys above). */
        Key: components["schemas"]["Key"];
        /** @description The hub's name for the user. */
        User: components["schemas"]["UserName"];
        /** @description Only servers of this user, by the hub's name for them. */
        UserFilter: components["schemas"]["UserName"];
        /** @description At most this many items. */
        Limit: number;
        /** @description The `next` of the page before. */
        After: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listServers: {
        parameters: {
            query?: {
                /** @description Only servers in these states. Without it, all but `stopped`. */
                state?: components["schemas"]["StateName"][];
                /** @description Only servers of this user, by the hub's name for them. */
                user?: components["parameters"]["UserFilter"];
                /** @description At most this many items. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next` of the page before. */
                after?: components["parameters"]["After"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The servers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getServer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The server's key (see Keys above). */
                key: components["parameters"]["Key"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The server. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Server"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    startServer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The server's key (see Keys above). */
                key: components["parameters"]["Key"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartRequest"];
            };
        };
        responses: {
            /** @description This generation is already running or has ended; nothing was done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Server"];
                };
            };
            /** @description Under way; follow /v1/events or read the server again. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Server"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    stopServer: {
        parameters: {
            query?: {
                /** @description The generation to stop. Without it, whichever is current. */
                generation?: components["schemas"]["Generation"];
                /** @description Also forget the server, its history included, once it is stopped (the hub's delete_forever). */
                purge?: boolean;
            };
            header?: never;
            path: {
                /** @description The server's key (see Keys above). */
                key: components["parameters"]["Key"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It isn't running any more. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Server"];
                };
            };
            /** @description Stopping; follow /v1/events or read the server again. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Server"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getServerLogs: {
        parameters: {
            query?: {
                /** @description How many lines, from the end. */
                tail?: number;
            };
            header?: never;
            path: {
                /** @description The server's key (see Keys above). */
                key: components["parameters"]["Key"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The lines, oldest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Logs"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                /** @description The id of the last event that was read. */
                after?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream; the schema is that of each event's data. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["Event"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    logIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginRequest"];
            };
        };
        responses: {
            /** @description The user, proved and allowed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hub's name for the user. */
                name: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    forgetUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hub's name for the user. */
                name: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user as it was. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    refreshUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hub's name for the user. */
                name: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. Only `loggedIn` false ends a session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refresh"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    explainUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hub's name for the user. */
                name: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The explanation. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    destroyTicket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hub's name for the user. */
                name: components["parameters"]["User"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user, without a ticket. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getHub: {
        parameters: {
            query?: {
                /** @description The hub's API as its servers are told it; `advice` then says whether they can reach it. */
                apiUrl?: string;
                /** @description The server that `choices.form` is for; the form then says how it ended, where it didn't end well. */
                key?: components["schemas"]["Key"];
                /** @description The user that `choices.form` is for; it then holds what they should know, such as the end of their ticket. */
                user?: components["schemas"]["UserName"];
                /** @description The image that `choices.form` shows as chosen. */
                image?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The hub. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hub"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listHistory: {
        parameters: {
            query?: {
                /** @description Only servers of this user, by the hub's name for them. */
                user?: components["parameters"]["UserFilter"];
                /** @description Only this server. */
                key?: components["schemas"]["Key"];
                /** @description At most this many items. */
                limit?: components["parameters"]["Limit"];
                /** @description The `next` of the page before. */
                after?: components["parameters"]["After"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ended servers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getDrain: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The drain. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Drain"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    setDrain: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Drain"];
            };
        };
        responses: {
            /** @description The drain as it now is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Drain"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    createBackup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The copy. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Backup"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    runDoctor: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The findings, the worst first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diagnosis"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Alive. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ready. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description Not ready; `parts` says why. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Metrics in the text format. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getContract: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document, as JSON. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
}
