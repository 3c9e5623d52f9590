// Generated from openapi.json by scripts/openapi.ts; do not edit.

export type Problem = {
  type: string;
  title: string;
  status: number;
  code:
    | "invalid-request"
    | "egress-refused"
    | "envelope-refused"
    | "unauthenticated"
    | "forbidden"
    | "second-factor-required"
    | "sign-in-refused"
    | "model-unknown"
    | "topic-unknown"
    | "not-found"
    | "method-not-allowed"
    | "conflict"
    | "unit-duplicate"
    | "lease-lost"
    | "agent-unavailable"
    | "delegation-loop"
    | "delegation-too-deep"
    | "delegation-over"
    | "delegation-unclear"
    | "budget-exhausted"
    | "group-rebalanced"
    | "idempotency-conflict"
    | "idempotency-in-flight"
    | "offset-gone"
    | "version-stale"
    | "event-too-large"
    | "body-too-large"
    | "unsupported-media-type"
    | "upgrade-required"
    | "version-required"
    | "too-many-requests"
    | "inference-budget-spent"
    | "internal"
    | "no-model-bound"
    | "model-failed"
    | "egress-failed"
    | "queue-full"
    | "queue-closed"
    | "mailbox-full"
    | "shards-full"
    | "overloaded";
  detail?: string;
  instance: string;
  earliest?: number;
  errors?: Array<{
    pointer: string;
    detail: string;
  }>;
};

/** Each operation's input and its successful JSON answer. */
export type Operations = {
  /** Whether the process answers */
  "GET /healthz": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      status: "ok";
    };
  };
  /** Whether requests can be served: every database answers */
  "GET /readyz": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      status: "ok";
    };
  };
  /** Make an API key */
  "POST /v1/keys": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      name: string;
      scopes: Array<
        | "search"
        | "units:read"
        | "units:write"
        | "agents"
        | "tasks"
        | "inference"
        | "events"
        | "keys"
        | "audit"
        | "admin"
        | "scim"
      >;
      expiresAt?: string;
      networks?: Array<string>;
    };
    answer: {
      id: string;
      name: string;
      scopes: Array<
        | "search"
        | "units:read"
        | "units:write"
        | "agents"
        | "tasks"
        | "inference"
        | "events"
        | "keys"
        | "audit"
        | "admin"
        | "scim"
      >;
      principalId: string;
      agentId: string | null;
      parentId: string | null;
      replacedById: string | null;
      networks: Array<string> | null;
      createdAt: string;
      expiresAt: string | null;
      lastUsedAt: string | null;
      apiKey: string;
    };
  };
  /** List your account's API keys, newest first */
  "GET /v1/keys": {
    path: Record<never, never>;
    query: { limit?: number; cursor?: string; under?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        name: string;
        scopes: Array<
          | "search"
          | "units:read"
          | "units:write"
          | "agents"
          | "tasks"
          | "inference"
          | "events"
          | "keys"
          | "audit"
          | "admin"
          | "scim"
        >;
        principalId: string;
        agentId: string | null;
        parentId: string | null;
        replacedById: string | null;
        networks: Array<string> | null;
        createdAt: string;
        expiresAt: string | null;
        lastUsedAt: string | null;
      }>;
      nextCursor: string | null;
    };
  };
  /** Read an API key, without its secret */
  "GET /v1/keys/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      name: string;
      scopes: Array<
        | "search"
        | "units:read"
        | "units:write"
        | "agents"
        | "tasks"
        | "inference"
        | "events"
        | "keys"
        | "audit"
        | "admin"
        | "scim"
      >;
      principalId: string;
      agentId: string | null;
      parentId: string | null;
      replacedById: string | null;
      networks: Array<string> | null;
      createdAt: string;
      expiresAt: string | null;
      lastUsedAt: string | null;
    };
  };
  /** Revoke an API key, the keys made with it or that it turned itself into, and the sessions opened with them */
  "DELETE /v1/keys/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Replace an API key by a new one with the same rights */
  "POST /v1/keys/{id}/rotate": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      overlapSeconds?: number;
    };
    answer: {
      id: string;
      name: string;
      scopes: Array<
        | "search"
        | "units:read"
        | "units:write"
        | "agents"
        | "tasks"
        | "inference"
        | "events"
        | "keys"
        | "audit"
        | "admin"
        | "scim"
      >;
      principalId: string;
      agentId: string | null;
      parentId: string | null;
      replacedById: string | null;
      networks: Array<string> | null;
      createdAt: string;
      expiresAt: string | null;
      lastUsedAt: string | null;
      apiKey: string;
    };
  };
  /** Read your account's policy */
  "GET /v1/policies": {
    path: Record<never, never>;
    query: { version?: number };
    body: undefined;
    answer: {
      version: number;
      otherwise: "allow" | "deny";
      rules: Array<{
        id: string;
        effect: "permit" | "forbid";
        actions: Array<string>;
        when?: string;
        reason?: string;
      }>;
      principalId: string | null;
      createdAt: string | null;
    };
  };
  /** Put another policy in force */
  "PUT /v1/policies": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      otherwise?: "allow" | "deny";
      rules: Array<{
        id: string;
        effect: "permit" | "forbid";
        actions: Array<string>;
        when?: string;
        reason?: string;
      }>;
    };
    answer: {
      version: number;
      otherwise: "allow" | "deny";
      rules: Array<{
        id: string;
        effect: "permit" | "forbid";
        actions: Array<string>;
        when?: string;
        reason?: string;
      }>;
      principalId: string | null;
      createdAt: string | null;
    };
  };
  /** List the versions of your account's policy, newest first */
  "GET /v1/policies/versions": {
    path: Record<never, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        version: number;
        otherwise: "allow" | "deny";
        rules: Array<{
          id: string;
          effect: "permit" | "forbid";
          actions: Array<string>;
          when?: string;
          reason?: string;
        }>;
        principalId: string | null;
        createdAt: string | null;
      }>;
      nextCursor: string | null;
    };
  };
  /** List every action, with what it needs */
  "GET /v1/policies/actions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        action: string;
        resource: string;
        scope: string | null;
        role: string;
        secondFactor: boolean;
        audited: boolean;
        ruled: boolean;
        attributes: Array<string>;
      }>;
    };
  };
  /** Tell of every action whether you may do it, and which rule decides */
  "GET /v1/policies/decisions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        decision: "allow" | "deny" | "depends";
        rule: string;
        reason: string;
        action:
          | "account.read"
          | "account.change"
          | "session.read"
          | "session.end"
          | "person.read"
          | "person.enrol"
          | "person.password"
          | "person.change"
          | "session.prove"
          | "account.make"
          | "account.list"
          | "session.switch"
          | "member.read"
          | "member.invite"
          | "member.change"
          | "member.remove"
          | "member.leave"
          | "invitation.read"
          | "invitation.withdraw"
          | "outbox.read"
          | "metrics.read"
          | "usage.read"
          | "limit.read"
          | "plan.change"
          | "key.make"
          | "key.read"
          | "key.rotate"
          | "key.revoke"
          | "policy.read"
          | "policy.change"
          | "policy.explain"
          | "client.make"
          | "client.read"
          | "client.revoke"
          | "grant.make"
          | "grant.read"
          | "grant.revoke"
          | "signing-key.read"
          | "signing-key.change"
          | "unit.publish"
          | "unit.revise"
          | "unit.retract"
          | "unit.read"
          | "unit.search"
          | "agent.register"
          | "agent.run"
          | "agent-state.read"
          | "agent-state.change"
          | "agent.retire"
          | "agent.remove"
          | "agent.quarantine"
          | "agent.change"
          | "agent-key.make"
          | "agent-key.read"
          | "agent-key.revoke"
          | "agent.read"
          | "delivery.read"
          | "delivery.change"
          | "webhook.read"
          | "webhook.change"
          | "agent.call"
          | "task.update"
          | "task.read"
          | "task.create"
          | "task.show"
          | "task.cancel"
          | "task.take"
          | "pool.read"
          | "reservation.hold"
          | "task.subscribe"
          | "queue.read"
          | "queue.control"
          | "message.send"
          | "message.read"
          | "message.receive"
          | "channel.read"
          | "channel.change"
          | "channel.send"
          | "agent.match"
          | "stream.open"
          | "a2a.use"
          | "mcp.use"
          | "inference.use"
          | "inference.read"
          | "inference.bound"
          | "space.read"
          | "collection.read"
          | "collection.move"
          | "dead-letter.read"
          | "dead-letter.redrive"
          | "alert.read"
          | "alert.change"
          | "notification.read"
          | "notification.redrive"
          | "push.subscribe"
          | "directory.read"
          | "directory.change"
          | "identity-provider.read"
          | "identity-provider.change"
          | "topic.read"
          | "topic.append"
          | "topic.change"
          | "topic.consume"
          | "audit.read"
          | "audit.export"
          | "trace.read"
          | "log.read"
          | "account.export"
          | "person.export"
          | "member.erase"
          | "erasure.read"
          | "data-key.rewrap";
      }>;
    };
  };
  /** Tell whether you may do something, and which rule decides */
  "POST /v1/policies/explain": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      action:
        | "account.read"
        | "account.change"
        | "session.read"
        | "session.end"
        | "person.read"
        | "person.enrol"
        | "person.password"
        | "person.change"
        | "session.prove"
        | "account.make"
        | "account.list"
        | "session.switch"
        | "member.read"
        | "member.invite"
        | "member.change"
        | "member.remove"
        | "member.leave"
        | "invitation.read"
        | "invitation.withdraw"
        | "outbox.read"
        | "metrics.read"
        | "usage.read"
        | "limit.read"
        | "plan.change"
        | "key.make"
        | "key.read"
        | "key.rotate"
        | "key.revoke"
        | "policy.read"
        | "policy.change"
        | "policy.explain"
        | "client.make"
        | "client.read"
        | "client.revoke"
        | "grant.make"
        | "grant.read"
        | "grant.revoke"
        | "signing-key.read"
        | "signing-key.change"
        | "unit.publish"
        | "unit.revise"
        | "unit.retract"
        | "unit.read"
        | "unit.search"
        | "agent.register"
        | "agent.run"
        | "agent-state.read"
        | "agent-state.change"
        | "agent.retire"
        | "agent.remove"
        | "agent.quarantine"
        | "agent.change"
        | "agent-key.make"
        | "agent-key.read"
        | "agent-key.revoke"
        | "agent.read"
        | "delivery.read"
        | "delivery.change"
        | "webhook.read"
        | "webhook.change"
        | "agent.call"
        | "task.update"
        | "task.read"
        | "task.create"
        | "task.show"
        | "task.cancel"
        | "task.take"
        | "pool.read"
        | "reservation.hold"
        | "task.subscribe"
        | "queue.read"
        | "queue.control"
        | "message.send"
        | "message.read"
        | "message.receive"
        | "channel.read"
        | "channel.change"
        | "channel.send"
        | "agent.match"
        | "stream.open"
        | "a2a.use"
        | "mcp.use"
        | "inference.use"
        | "inference.read"
        | "inference.bound"
        | "space.read"
        | "collection.read"
        | "collection.move"
        | "dead-letter.read"
        | "dead-letter.redrive"
        | "alert.read"
        | "alert.change"
        | "notification.read"
        | "notification.redrive"
        | "push.subscribe"
        | "directory.read"
        | "directory.change"
        | "identity-provider.read"
        | "identity-provider.change"
        | "topic.read"
        | "topic.append"
        | "topic.change"
        | "topic.consume"
        | "audit.read"
        | "audit.export"
        | "trace.read"
        | "log.read"
        | "account.export"
        | "person.export"
        | "member.erase"
        | "erasure.read"
        | "data-key.rewrap";
      resource: {
        type: string;
        id?: string;
      };
      keyId?: string;
      memberId?: string;
    };
    answer: {
      decision: "allow" | "deny" | "depends";
      rule: string;
      reason: string;
    };
  };
  /** Connect an identity provider */
  "POST /v1/identity-providers": {
    path: Record<never, never>;
    query: Record<never, never>;
    body:
      | {
          protocol: "oidc";
          name: string;
          enabled?: boolean;
          provisioning?: "sign-in" | "scim";
          roles?: Array<{
            attribute: string;
            value: string;
            role: "admin" | "member" | "auditor" | "viewer";
          }>;
          defaultRole?: "admin" | "member" | "auditor" | "viewer" | null;
          linkAttribute?: string;
          issuer: string;
          clientId: string;
          clientSecret?: string;
          scopes?: Array<string>;
        }
      | {
          protocol: "saml";
          name: string;
          enabled?: boolean;
          provisioning?: "sign-in" | "scim";
          roles?: Array<{
            attribute: string;
            value: string;
            role: "admin" | "member" | "auditor" | "viewer";
          }>;
          defaultRole?: "admin" | "member" | "auditor" | "viewer" | null;
          linkAttribute?: string;
          entityId: string;
          ssoUrl: string;
          certificates: Array<string>;
        };
    answer: {
      id: string;
      version: number;
      protocol: "oidc" | "saml";
      name: string;
      enabled: boolean;
      provisioning: "sign-in" | "scim";
      roles: Array<{
        attribute: string;
        value: string;
        role: "admin" | "member" | "auditor" | "viewer";
      }>;
      defaultRole: "admin" | "member" | "auditor" | "viewer" | null;
      linkAttribute: string;
      signInUrl: string;
      redirectUri: string;
      issuer?: string;
      clientId?: string;
      scopes?: Array<string>;
      entityId?: string;
      ssoUrl?: string;
      certificates?: Array<string>;
      metadataUrl?: string;
      hasClientSecret: boolean;
      createdAt: string;
    };
  };
  /** List your account's identity providers, newest first */
  "GET /v1/identity-providers": {
    path: Record<never, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        version: number;
        protocol: "oidc" | "saml";
        name: string;
        enabled: boolean;
        provisioning: "sign-in" | "scim";
        roles: Array<{
          attribute: string;
          value: string;
          role: "admin" | "member" | "auditor" | "viewer";
        }>;
        defaultRole: "admin" | "member" | "auditor" | "viewer" | null;
        linkAttribute: string;
        signInUrl: string;
        redirectUri: string;
        issuer?: string;
        clientId?: string;
        scopes?: Array<string>;
        entityId?: string;
        ssoUrl?: string;
        certificates?: Array<string>;
        metadataUrl?: string;
        hasClientSecret: boolean;
        createdAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Read an identity provider */
  "GET /v1/identity-providers/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      version: number;
      protocol: "oidc" | "saml";
      name: string;
      enabled: boolean;
      provisioning: "sign-in" | "scim";
      roles: Array<{
        attribute: string;
        value: string;
        role: "admin" | "member" | "auditor" | "viewer";
      }>;
      defaultRole: "admin" | "member" | "auditor" | "viewer" | null;
      linkAttribute: string;
      signInUrl: string;
      redirectUri: string;
      issuer?: string;
      clientId?: string;
      scopes?: Array<string>;
      entityId?: string;
      ssoUrl?: string;
      certificates?: Array<string>;
      metadataUrl?: string;
      hasClientSecret: boolean;
      createdAt: string;
    };
  };
  /** Change an identity provider */
  "PATCH /v1/identity-providers/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      name?: string;
      enabled?: boolean;
      provisioning?: "sign-in" | "scim";
      roles?: Array<{
        attribute: string;
        value: string;
        role: "admin" | "member" | "auditor" | "viewer";
      }>;
      defaultRole?: "admin" | "member" | "auditor" | "viewer" | null;
      linkAttribute?: string;
      issuer?: string;
      clientId?: string;
      clientSecret?: string | null;
      scopes?: Array<string>;
      entityId?: string;
      ssoUrl?: string;
      certificates?: Array<string>;
    };
    answer: {
      id: string;
      version: number;
      protocol: "oidc" | "saml";
      name: string;
      enabled: boolean;
      provisioning: "sign-in" | "scim";
      roles: Array<{
        attribute: string;
        value: string;
        role: "admin" | "member" | "auditor" | "viewer";
      }>;
      defaultRole: "admin" | "member" | "auditor" | "viewer" | null;
      linkAttribute: string;
      signInUrl: string;
      redirectUri: string;
      issuer?: string;
      clientId?: string;
      scopes?: Array<string>;
      entityId?: string;
      ssoUrl?: string;
      certificates?: Array<string>;
      metadataUrl?: string;
      hasClientSecret: boolean;
      createdAt: string;
    };
  };
  /** Disconnect an identity provider */
  "DELETE /v1/identity-providers/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Sign in by an identity provider */
  "GET /sso/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Come back from an OpenID provider */
  "GET /sso/{id}/callback": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Come back from a SAML provider */
  "POST /sso/{id}/acs": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** What a SAML provider is connected with */
  "GET /sso/{id}/metadata": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** What this SCIM service provider does */
  "GET /scim/v2/ServiceProviderConfig": {
    path: Record<never, never>;
    query: { attributes?: string; excludedAttributes?: string };
    body: undefined;
    answer: undefined;
  };
  /** The types of SCIM resources */
  "GET /scim/v2/ResourceTypes": {
    path: Record<never, never>;
    query: { attributes?: string; excludedAttributes?: string };
    body: undefined;
    answer: undefined;
  };
  /** One type of SCIM resource */
  "GET /scim/v2/ResourceTypes/{id}": {
    path: { id: string };
    query: { attributes?: string; excludedAttributes?: string };
    body: undefined;
    answer: undefined;
  };
  /** The schemas of SCIM resources */
  "GET /scim/v2/Schemas": {
    path: Record<never, never>;
    query: { attributes?: string; excludedAttributes?: string };
    body: undefined;
    answer: undefined;
  };
  /** One schema of SCIM resources */
  "GET /scim/v2/Schemas/{id}": {
    path: { id: string };
    query: { attributes?: string; excludedAttributes?: string };
    body: undefined;
    answer: undefined;
  };
  /** Put a person into your account (SCIM) */
  "POST /scim/v2/Users": {
    path: Record<never, never>;
    query: { attributes?: string; excludedAttributes?: string };
    body: Record<string, unknown>;
    answer: undefined;
  };
  /** List the people whom your directory has put into your account (SCIM) */
  "GET /scim/v2/Users": {
    path: Record<never, never>;
    query: {
      attributes?: string;
      excludedAttributes?: string;
      filter?: string;
      startIndex?: string;
      count?: string;
      sortBy?: string;
      sortOrder?: string;
    };
    body: undefined;
    answer: undefined;
  };
  /** Read a person of your directory (SCIM) */
  "GET /scim/v2/Users/{id}": {
    path: { id: string };
    query: { attributes?: string; excludedAttributes?: string };
    body: undefined;
    answer: undefined;
  };
  /** Replace what is said of a person (SCIM) */
  "PUT /scim/v2/Users/{id}": {
    path: { id: string };
    query: { attributes?: string; excludedAttributes?: string };
    body: Record<string, unknown>;
    answer: undefined;
  };
  /** Change what is said of a person (SCIM) */
  "PATCH /scim/v2/Users/{id}": {
    path: { id: string };
    query: { attributes?: string; excludedAttributes?: string };
    body: Record<string, unknown>;
    answer: undefined;
  };
  /** Take a person of your directory out of your account (SCIM) */
  "DELETE /scim/v2/Users/{id}": {
    path: { id: string };
    query: { attributes?: string; excludedAttributes?: string };
    body: undefined;
    answer: undefined;
  };
  /** Make a group of people of your directory (SCIM) */
  "POST /scim/v2/Groups": {
    path: Record<never, never>;
    query: { attributes?: string; excludedAttributes?: string };
    body: Record<string, unknown>;
    answer: undefined;
  };
  /** List the groups of your directory, without their members (SCIM) */
  "GET /scim/v2/Groups": {
    path: Record<never, never>;
    query: {
      attributes?: string;
      excludedAttributes?: string;
      filter?: string;
      startIndex?: string;
      count?: string;
      sortBy?: string;
      sortOrder?: string;
    };
    body: undefined;
    answer: undefined;
  };
  /** Read a group of your directory with its members (SCIM) */
  "GET /scim/v2/Groups/{id}": {
    path: { id: string };
    query: { attributes?: string; excludedAttributes?: string };
    body: undefined;
    answer: undefined;
  };
  /** Replace a group of your directory (SCIM) */
  "PUT /scim/v2/Groups/{id}": {
    path: { id: string };
    query: { attributes?: string; excludedAttributes?: string };
    body: Record<string, unknown>;
    answer: undefined;
  };
  /** Change a group of your directory (SCIM) */
  "PATCH /scim/v2/Groups/{id}": {
    path: { id: string };
    query: { attributes?: string; excludedAttributes?: string };
    body: Record<string, unknown>;
    answer: undefined;
  };
  /** Remove a group of your directory (SCIM) */
  "DELETE /scim/v2/Groups/{id}": {
    path: { id: string };
    query: { attributes?: string; excludedAttributes?: string };
    body: undefined;
    answer: undefined;
  };
  /** Sign a browser in */
  "POST /v1/sessions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      apiKey?: string;
      code?: string;
      email?: string;
      password?: string;
      otp?: string;
      recoveryCode?: string;
      passkey?: {
        challenge: string;
        response: {
          id: string;
          rawId: string;
          type: "public-key";
          clientExtensionResults?: Record<string, unknown>;
          response: {
            clientDataJSON: string;
            authenticatorData: string;
            signature: string;
            userHandle?: string | null;
          };
        };
      };
      accountId?: string;
    };
    answer: {
      accountId: string;
      principalId: string;
      personId: string | null;
      kind: "key" | "session" | "token";
      keyId: string | null;
      scopes: Array<
        | "search"
        | "units:read"
        | "units:write"
        | "agents"
        | "tasks"
        | "inference"
        | "events"
        | "keys"
        | "audit"
        | "admin"
        | "scim"
      >;
      role: "owner" | "admin" | "member" | "auditor" | "viewer";
      owner: boolean;
    };
  };
  /** Sign the browser out */
  "DELETE /v1/sessions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Tell who you are */
  "GET /v1/sessions/current": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      accountId: string;
      principalId: string;
      personId: string | null;
      kind: "key" | "session" | "token";
      keyId: string | null;
      scopes: Array<
        | "search"
        | "units:read"
        | "units:write"
        | "agents"
        | "tasks"
        | "inference"
        | "events"
        | "keys"
        | "audit"
        | "admin"
        | "scim"
      >;
      role: "owner" | "admin" | "member" | "auditor" | "viewer";
      owner: boolean;
    };
  };
  /** Go on in another of your accounts */
  "POST /v1/sessions/switch": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      accountId: string;
    };
    answer: {
      accountId: string;
      principalId: string;
      personId: string | null;
      kind: "key" | "session" | "token";
      keyId: string | null;
      scopes: Array<
        | "search"
        | "units:read"
        | "units:write"
        | "agents"
        | "tasks"
        | "inference"
        | "events"
        | "keys"
        | "audit"
        | "admin"
        | "scim"
      >;
      role: "owner" | "admin" | "member" | "auditor" | "viewer";
      owner: boolean;
    };
  };
  /** Begin to sign up: a link is mailed to the address */
  "POST /v1/sign-up": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      email: string;
    };
    answer: {
      status: "accepted";
    };
  };
  /** Finish signing up with the link that was mailed */
  "POST /v1/sign-up/complete": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      token: string;
      name: string;
      password: string;
      accountName?: string;
    };
    answer: {
      personId: string;
      accountId: string;
      principalId: string;
    };
  };
  /** Read what is kept of you */
  "GET /v1/people/me": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      email: string;
      name: string;
      factors: {
        totp: boolean;
        passkeys: number;
        recoveryCodesLeft: number;
      };
      createdAt: string;
    };
  };
  /** List mails that no sender has taken, newest first */
  "GET /v1/outbox": {
    path: Record<never, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        kind:
          | "sign-up"
          | "already-here"
          | "invitation"
          | "password-reset"
          | "new-device"
          | "password-changed";
        to: string;
        subject: string;
        text: string;
        createdAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Begin to use an authenticator app */
  "POST /v1/people/me/totp": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      password?: string;
    };
    answer: {
      secret: string;
      uri: string;
    };
  };
  /** Use the authenticator app no more */
  "DELETE /v1/people/me/totp": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Confirm the authenticator app with a code it shows */
  "POST /v1/people/me/totp/confirm": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      otp: string;
    };
    answer: {
      recoveryCodes: Array<string>;
    };
  };
  /** Get new recovery codes in place of the old ones */
  "POST /v1/people/me/recovery-codes": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      recoveryCodes: Array<string>;
    };
  };
  /** Prove your second factor once more */
  "POST /v1/sessions/second-factor": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      otp?: string;
      recoveryCode?: string;
      passkey?: {
        challenge: string;
        response: {
          id: string;
          rawId: string;
          type: "public-key";
          clientExtensionResults?: Record<string, unknown>;
          response: {
            clientDataJSON: string;
            authenticatorData: string;
            signature: string;
            userHandle?: string | null;
          };
        };
      };
    };
    answer: {
      accountId: string;
      principalId: string;
      personId: string | null;
      kind: "key" | "session" | "token";
      keyId: string | null;
      scopes: Array<
        | "search"
        | "units:read"
        | "units:write"
        | "agents"
        | "tasks"
        | "inference"
        | "events"
        | "keys"
        | "audit"
        | "admin"
        | "scim"
      >;
      role: "owner" | "admin" | "member" | "auditor" | "viewer";
      owner: boolean;
    };
  };
  /** Ask what to make a passkey with */
  "POST /v1/people/me/passkeys/options": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      password?: string;
    };
    answer: {
      publicKey: Record<string, unknown>;
    };
  };
  /** Keep a passkey that your browser has made */
  "POST /v1/people/me/passkeys": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      challenge: string;
      name: string;
      response: {
        id: string;
        rawId: string;
        type: "public-key";
        clientExtensionResults?: Record<string, unknown>;
        response: {
          clientDataJSON: string;
          attestationObject: string;
          transports?: Array<string>;
        };
      };
    };
    answer: {
      id: string;
      name: string;
      createdAt: string;
      lastUsedAt: string | null;
      recoveryCodes: Array<string> | null;
    };
  };
  /** List your passkeys */
  "GET /v1/people/me/passkeys": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        name: string;
        createdAt: string;
        lastUsedAt: string | null;
      }>;
      nextCursor: null;
    };
  };
  /** Use a passkey no more */
  "DELETE /v1/people/me/passkeys/{passkeyId}": {
    path: { passkeyId: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Ask what to sign in by a passkey with */
  "POST /v1/sessions/passkey-options": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      publicKey: Record<string, unknown>;
    };
  };
  /** Have a link mailed that sets a new password */
  "POST /v1/password-resets": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      email: string;
    };
    answer: {
      status: "accepted";
    };
  };
  /** Set a new password with the link that was mailed */
  "POST /v1/password-resets/complete": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      token: string;
      password: string;
    };
    answer: undefined;
  };
  /** Set another password */
  "POST /v1/people/me/password": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      password: string;
      newPassword: string;
    };
    answer: undefined;
  };
  /** Have a link mailed that makes a device known */
  "POST /v1/known-devices": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      email: string;
    };
    answer: {
      status: "accepted";
    };
  };
  /** Make this device known with the link that was mailed */
  "POST /v1/known-devices/complete": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      token: string;
    };
    answer: undefined;
  };
  /** List who belongs to your account, newest first */
  "GET /v1/members": {
    path: Record<never, never>;
    query: {
      limit?: number;
      cursor?: string;
      purpose?: "administration" | "collaboration" | "audit" | "support";
    };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        kind: "person" | "agent" | "service";
        personId: string | null;
        name: string;
        email: string | null;
        role: "owner" | "admin" | "member" | "auditor" | "viewer";
        createdAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Read a member of your account */
  "GET /v1/members/{id}": {
    path: { id: string };
    query: { purpose?: "administration" | "collaboration" | "audit" | "support" };
    body: undefined;
    answer: {
      id: string;
      kind: "person" | "agent" | "service";
      personId: string | null;
      name: string;
      email: string | null;
      role: "owner" | "admin" | "member" | "auditor" | "viewer";
      createdAt: string;
    };
  };
  /** Give a member another role */
  "PATCH /v1/members/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      role: "owner" | "admin" | "member" | "auditor" | "viewer";
    };
    answer: {
      id: string;
      kind: "person" | "agent" | "service";
      personId: string | null;
      name: string;
      email: string | null;
      role: "owner" | "admin" | "member" | "auditor" | "viewer";
      createdAt: string;
    };
  };
  /** Remove a member, with their sessions and keys */
  "DELETE /v1/members/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Leave the account you are in */
  "POST /v1/members/leave": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** List the accounts you belong to */
  "GET /v1/accounts": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        accountId: string;
        name: string;
        principalId: string;
        role: "owner" | "admin" | "member" | "auditor" | "viewer";
        current: boolean;
      }>;
      nextCursor: null;
    };
  };
  /** Begin another account, as its owner */
  "POST /v1/accounts": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      name: string;
    };
    answer: {
      accountId: string;
      name: string;
      principalId: string;
      role: "owner" | "admin" | "member" | "auditor" | "viewer";
      current: boolean;
    };
  };
  /** Invite somebody by e-mail */
  "POST /v1/invitations": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      email: string;
      role?: "owner" | "admin" | "member" | "auditor" | "viewer";
      newAccount?: true;
    };
    answer: {
      id: string;
      email: string;
      role: "owner" | "admin" | "member" | "auditor" | "viewer" | null;
      newAccount: boolean;
      invitedBy: string;
      createdAt: string;
      expiresAt: string;
    };
  };
  /** List invitations that nobody has accepted yet */
  "GET /v1/invitations": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        email: string;
        role: "owner" | "admin" | "member" | "auditor" | "viewer" | null;
        newAccount: boolean;
        invitedBy: string;
        createdAt: string;
        expiresAt: string;
      }>;
      nextCursor: null;
    };
  };
  /** Withdraw an invitation */
  "DELETE /v1/invitations/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Accept an invitation with the link that was mailed */
  "POST /v1/invitations/accept": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      token: string;
      password: string;
      name?: string;
      accountName?: string;
    };
    answer: {
      personId: string;
      accountId: string;
      principalId: string;
    };
  };
  /** Read your account */
  "GET /v1/account": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      name: string;
      region:
        | "wnam"
        | "enam"
        | "sam"
        | "weur"
        | "eeur"
        | "apac"
        | "oc"
        | "afr"
        | "me"
        | "eu"
        | "us"
        | "fedramp"
        | null;
    };
  };
  /** Say in which region your account's collections are kept */
  "PUT /v1/account/region": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      region:
        | "wnam"
        | "enam"
        | "sam"
        | "weur"
        | "eeur"
        | "apac"
        | "oc"
        | "afr"
        | "me"
        | "eu"
        | "us"
        | "fedramp"
        | null;
    };
    answer: {
      id: string;
      name: string;
      region:
        | "wnam"
        | "enam"
        | "sam"
        | "weur"
        | "eeur"
        | "apac"
        | "oc"
        | "afr"
        | "me"
        | "eu"
        | "us"
        | "fedramp"
        | null;
    };
  };
  /** Read your plan and what is left of its limits */
  "GET /v1/limits": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      plan: "unlimited" | "free" | "standard" | "fleet";
      limits: Array<{
        name: string;
        requests: number;
        periodSeconds: number;
        remaining: number;
      }>;
      auditDays: number;
    };
  };
  /** Give another account a plan */
  "PUT /v1/accounts/{id}/plan": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      plan: "unlimited" | "free" | "standard" | "fleet";
    };
    answer: {
      accountId: string;
      plan: "unlimited" | "free" | "standard" | "fleet";
    };
  };
  /** Publish a unit */
  "POST /v1/units": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      title: string;
      body: string;
      kind?: string;
      language?: string;
      tags?: Array<string>;
      sources?: Array<{
        url?: string;
        doi?: string;
        title?: string;
        quote?: string;
      }>;
      appliesTo?: Array<{
        subject: string;
        versions?: string;
        from?: string;
        until?: string;
      }>;
      links?: Array<{
        rel: "derived-from" | "supersedes" | "contradicts" | "extends" | "requires" | "cites";
        unitId: string;
      }>;
      visibility?: "private" | "public";
      vector?: Array<number>;
      space?: string;
    };
    answer: {
      id: string;
      version: number;
      cid: string;
      status: "pending" | "verifying" | "searchable" | "rejected" | "superseded" | "retracted";
      level: "L0" | "L1" | "L2" | "L3" | "L4" | "L4.5" | "L5";
      title: string;
      body: string;
      kind: string;
      language: string;
      tags: Array<string>;
      sources: Array<{
        url?: string;
        doi?: string;
        title?: string;
        quote?: string;
      }>;
      appliesTo: Array<{
        subject: string;
        versions?: string;
        from?: string;
        until?: string;
      }>;
      links: Array<{
        rel: "derived-from" | "supersedes" | "contradicts" | "extends" | "requires" | "cites";
        unitId: string;
      }>;
      visibility: "private" | "public";
      salt?: string;
      withheld?: true;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** List your account's units, newest first */
  "GET /v1/units": {
    path: Record<never, never>;
    query: {
      limit?: number;
      cursor?: string;
      status?: "pending" | "verifying" | "searchable" | "rejected" | "superseded" | "retracted";
      visibility?: "private" | "public";
    };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        version: number;
        cid: string;
        status: "pending" | "verifying" | "searchable" | "rejected" | "superseded" | "retracted";
        level: "L0" | "L1" | "L2" | "L3" | "L4" | "L4.5" | "L5";
        title: string;
        body: string;
        kind: string;
        language: string;
        tags: Array<string>;
        sources: Array<{
          url?: string;
          doi?: string;
          title?: string;
          quote?: string;
        }>;
        appliesTo: Array<{
          subject: string;
          versions?: string;
          from?: string;
          until?: string;
        }>;
        links: Array<{
          rel: "derived-from" | "supersedes" | "contradicts" | "extends" | "requires" | "cites";
          unitId: string;
        }>;
        visibility: "private" | "public";
        salt?: string;
        withheld?: true;
        createdAt: string;
        updatedAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Read a unit */
  "GET /v1/units/{id}": {
    path: { id: string };
    query: { version?: number };
    body: undefined;
    answer: {
      id: string;
      version: number;
      cid: string;
      status: "pending" | "verifying" | "searchable" | "rejected" | "superseded" | "retracted";
      level: "L0" | "L1" | "L2" | "L3" | "L4" | "L4.5" | "L5";
      title: string;
      body: string;
      kind: string;
      language: string;
      tags: Array<string>;
      sources: Array<{
        url?: string;
        doi?: string;
        title?: string;
        quote?: string;
      }>;
      appliesTo: Array<{
        subject: string;
        versions?: string;
        from?: string;
        until?: string;
      }>;
      links: Array<{
        rel: "derived-from" | "supersedes" | "contradicts" | "extends" | "requires" | "cites";
        unitId: string;
      }>;
      visibility: "private" | "public";
      salt?: string;
      withheld?: true;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Make a new version of a unit */
  "PATCH /v1/units/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      title?: string;
      body?: string;
      kind?: string;
      language?: string;
      tags?: Array<string>;
      sources?: Array<{
        url?: string;
        doi?: string;
        title?: string;
        quote?: string;
      }>;
      appliesTo?: Array<{
        subject: string;
        versions?: string;
        from?: string;
        until?: string;
      }>;
      links?: Array<{
        rel: "derived-from" | "supersedes" | "contradicts" | "extends" | "requires" | "cites";
        unitId: string;
      }>;
      visibility?: "private" | "public";
    };
    answer: {
      id: string;
      version: number;
      cid: string;
      status: "pending" | "verifying" | "searchable" | "rejected" | "superseded" | "retracted";
      level: "L0" | "L1" | "L2" | "L3" | "L4" | "L4.5" | "L5";
      title: string;
      body: string;
      kind: string;
      language: string;
      tags: Array<string>;
      sources: Array<{
        url?: string;
        doi?: string;
        title?: string;
        quote?: string;
      }>;
      appliesTo: Array<{
        subject: string;
        versions?: string;
        from?: string;
        until?: string;
      }>;
      links: Array<{
        rel: "derived-from" | "supersedes" | "contradicts" | "extends" | "requires" | "cites";
        unitId: string;
      }>;
      visibility: "private" | "public";
      salt?: string;
      withheld?: true;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Retract a unit */
  "DELETE /v1/units/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      version: number;
      cid: string;
      status: "pending" | "verifying" | "searchable" | "rejected" | "superseded" | "retracted";
      level: "L0" | "L1" | "L2" | "L3" | "L4" | "L4.5" | "L5";
      title: string;
      body: string;
      kind: string;
      language: string;
      tags: Array<string>;
      sources: Array<{
        url?: string;
        doi?: string;
        title?: string;
        quote?: string;
      }>;
      appliesTo: Array<{
        subject: string;
        versions?: string;
        from?: string;
        until?: string;
      }>;
      links: Array<{
        rel: "derived-from" | "supersedes" | "contradicts" | "extends" | "requires" | "cites";
        unitId: string;
      }>;
      visibility: "private" | "public";
      salt?: string;
      withheld?: true;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** List the versions of a unit, newest first */
  "GET /v1/units/{id}/versions": {
    path: { id: string };
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        version: number;
        cid: string;
        status: "pending" | "verifying" | "searchable" | "rejected" | "superseded" | "retracted";
        level: "L0" | "L1" | "L2" | "L3" | "L4" | "L4.5" | "L5";
        title: string;
        body: string;
        kind: string;
        language: string;
        tags: Array<string>;
        sources: Array<{
          url?: string;
          doi?: string;
          title?: string;
          quote?: string;
        }>;
        appliesTo: Array<{
          subject: string;
          versions?: string;
          from?: string;
          until?: string;
        }>;
        links: Array<{
          rel: "derived-from" | "supersedes" | "contradicts" | "extends" | "requires" | "cites";
          unitId: string;
        }>;
        visibility: "private" | "public";
        salt?: string;
        withheld?: true;
        createdAt: string;
        updatedAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Read what verified or rejected a unit */
  "GET /v1/units/{id}/evidence": {
    path: { id: string };
    query: { version?: number };
    body: undefined;
    answer: {
      level: "L0" | "L1" | "L2" | "L3" | "L4" | "L4.5" | "L5";
      checks: Array<{
        method: string;
        version: string;
        level: "L0" | "L1" | "L2" | "L3" | "L4" | "L4.5" | "L5";
        verdict: "pass" | "fail" | "note";
        reasons: Array<{
          code: string;
          detail: string;
          pointer?: string;
        }>;
        at: string;
      }>;
    };
  };
  /** Read who used a unit, and what builds on it */
  "GET /v1/units/{id}/uses": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      users: Array<{
        principalId: string;
        agentId: string | null;
        name: string | null;
        reads: number;
        firstAt: string;
        lastAt: string;
      }>;
      others: {
        accounts: number;
        reads: number;
      };
      partial: boolean;
      builtOn: Array<{
        unitId: string;
        title: string;
        rels: Array<
          "derived-from" | "supersedes" | "contradicts" | "extends" | "requires" | "cites"
        >;
        level: "L0" | "L1" | "L2" | "L3" | "L4" | "L4.5" | "L5";
        status: "pending" | "verifying" | "searchable" | "rejected" | "superseded" | "retracted";
      }>;
      more: boolean;
    };
  };
  /** Publish many units, one JSON document a line */
  "POST /v1/units/import": {
    path: Record<never, never>;
    query: { fromLine?: number };
    body: undefined;
    answer: undefined;
  };
  /** Get all your account's units back, one JSON document a line */
  "GET /v1/units/export": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Search your own and the public units */
  "POST /v1/search": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      query?: string;
      vector?: Array<number>;
      space?: string;
      limit?: number;
      mode?: "hybrid" | "semantic" | "lexical";
      filter?: {
        tags?: Array<string>;
        kind?: string;
        language?: string;
        minLevel?: "L0" | "L1" | "L2" | "L3" | "L4" | "L4.5" | "L5";
        visibility?: "private" | "public";
      };
      explain?: boolean;
    };
    answer: {
      hits: Array<{
        unitId: string;
        version: number;
        title: string;
        snippet: string;
        score: number;
        level: "L0" | "L1" | "L2" | "L3" | "L4" | "L4.5" | "L5";
        why?: {
          semantic: {
            weight: number;
            cosine: number;
            normalised: number;
          } | null;
          lexical: {
            weight: number;
            bm25: number;
            normalised: number;
            length: number;
            averageLength: number;
            terms: Array<{
              term: string;
              idf: number;
              tf: number;
              score: number;
              gloss?: true;
            }>;
          } | null;
          passage: number;
        };
      }>;
      partial: boolean;
      tookMs: number;
    };
  };
  /** List the embedding spaces that are bound */
  "GET /v1/spaces": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        model: string;
        dimensions: number;
        preferred: boolean;
      }>;
    };
  };
  /** Show the collections you search and what your account has in them */
  "GET /v1/collections": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        visibility: "private" | "public";
        space: string;
        move: {
          target: string;
          queued: number | null;
        } | null;
        shards: {
          leaves: number;
          unanswered: number;
          units: number;
          passages: number;
          bytes: number;
          splitting: number;
          recall: {
            share: number;
            questions: number;
          } | null;
        };
        units: Array<{
          status: "pending" | "verifying" | "searchable" | "rejected" | "superseded" | "retracted";
          count: number;
        }>;
      }>;
    };
  };
  /** Move a collection to another embedding space */
  "PUT /v1/collections/{visibility}/space": {
    path: { visibility: "private" | "public" };
    query: Record<never, never>;
    body: {
      space: string;
    };
    answer: {
      visibility: "private" | "public";
      space: string;
      move: {
        target: string;
        queued: number | null;
      } | null;
    };
  };
  /** Embed texts */
  "POST /v1/inference/embeddings": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      model?: string | null;
      input: string | Array<string>;
      encoding_format?: "float" | "base64" | null;
      dimensions?: number | null;
      user?: string | null;
    };
    answer: {
      object: "list";
      data: Array<{
        object: "embedding";
        index: number;
        embedding: Array<number> | string;
      }>;
      model: string;
      usage: {
        prompt_tokens: number;
        completion_tokens?: number;
        total_tokens: number;
      };
    };
  };
  /** Order documents by how well they answer a query */
  "POST /v1/inference/rerank": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      model?: string | null;
      query: string;
      documents: Array<
        | string
        | {
            text: string;
          }
      >;
      top_n?: number | null;
      return_documents?: boolean | null;
    };
    answer: {
      model: string;
      results: Array<{
        index: number;
        relevance_score: number;
        document?: {
          text: string;
        };
      }>;
      usage: {
        total_tokens: number;
      };
    };
  };
  /** Have a model answer a chat */
  "POST /v1/inference/chat": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      model?: string | null;
      messages: Array<{
        role: "system" | "developer" | "user" | "assistant" | "tool";
        content?:
          | string
          | Array<
              | {
                  type: "text";
                  text: string;
                }
              | {
                  type: "image_url";
                  image_url: {
                    url: string;
                    detail?: "auto" | "low" | "high" | null;
                  };
                }
            >
          | null;
        name?: string | null;
        tool_calls?: Array<{
          id: string;
          type: "function";
          function: {
            name: string;
            arguments: string;
          };
        }> | null;
        tool_call_id?: string | null;
      }>;
      stream?: boolean | null;
      stream_options?: {
        include_usage?: boolean | null;
      } | null;
      max_tokens?: number | null;
      max_completion_tokens?: number | null;
      temperature?: number | null;
      top_p?: number | null;
      n?: number | null;
      stop?: string | Array<string> | null;
      seed?: number | null;
      presence_penalty?: number | null;
      frequency_penalty?: number | null;
      logprobs?: boolean | null;
      top_logprobs?: number | null;
      reasoning_effort?: string | null;
      tools?: Array<{
        type: "function";
        function: {
          name: string;
          description?: string | null;
          parameters?: Record<string, unknown> | null;
          strict?: boolean | null;
        };
      }> | null;
      tool_choice?:
        | "none"
        | "auto"
        | "required"
        | {
            type: "function";
            function: {
              name: string;
            };
          }
        | null;
      parallel_tool_calls?: boolean | null;
      response_format?: {
        type: "text" | "json_object" | "json_schema";
        json_schema?: Record<string, unknown> | null;
      } | null;
      user?: string | null;
    };
    answer: {
      id: string;
      object: "chat.completion";
      created: number;
      model: string;
      choices: Array<{
        index: number;
        message: {
          role: "assistant";
          content: string | null;
        };
        finish_reason: string | null;
      }>;
      usage: {
        prompt_tokens: number;
        completion_tokens?: number;
        total_tokens: number;
      };
    };
  };
  /** The same, as OpenAI calls it */
  "POST /v1/inference/chat/completions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      model?: string | null;
      messages: Array<{
        role: "system" | "developer" | "user" | "assistant" | "tool";
        content?:
          | string
          | Array<
              | {
                  type: "text";
                  text: string;
                }
              | {
                  type: "image_url";
                  image_url: {
                    url: string;
                    detail?: "auto" | "low" | "high" | null;
                  };
                }
            >
          | null;
        name?: string | null;
        tool_calls?: Array<{
          id: string;
          type: "function";
          function: {
            name: string;
            arguments: string;
          };
        }> | null;
        tool_call_id?: string | null;
      }>;
      stream?: boolean | null;
      stream_options?: {
        include_usage?: boolean | null;
      } | null;
      max_tokens?: number | null;
      max_completion_tokens?: number | null;
      temperature?: number | null;
      top_p?: number | null;
      n?: number | null;
      stop?: string | Array<string> | null;
      seed?: number | null;
      presence_penalty?: number | null;
      frequency_penalty?: number | null;
      logprobs?: boolean | null;
      top_logprobs?: number | null;
      reasoning_effort?: string | null;
      tools?: Array<{
        type: "function";
        function: {
          name: string;
          description?: string | null;
          parameters?: Record<string, unknown> | null;
          strict?: boolean | null;
        };
      }> | null;
      tool_choice?:
        | "none"
        | "auto"
        | "required"
        | {
            type: "function";
            function: {
              name: string;
            };
          }
        | null;
      parallel_tool_calls?: boolean | null;
      response_format?: {
        type: "text" | "json_object" | "json_schema";
        json_schema?: Record<string, unknown> | null;
      } | null;
      user?: string | null;
    };
    answer: {
      id: string;
      object: "chat.completion";
      created: number;
      model: string;
      choices: Array<{
        index: number;
        message: {
          role: "assistant";
          content: string | null;
        };
        finish_reason: string | null;
      }>;
      usage: {
        prompt_tokens: number;
        completion_tokens?: number;
        total_tokens: number;
      };
    };
  };
  /** List the models that are offered */
  "GET /v1/inference/models": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      object: "list";
      data: Array<{
        id: string;
        object: "model";
        created: number;
        owned_by: string;
        kinds: Array<string>;
        default_for: Array<string>;
      }>;
    };
  };
  /** Read what your account spends on models */
  "GET /v1/inference/use": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      tokensPerDay: number | null;
      planTokensPerDay: number | null;
      ownTokensPerDay: number | null;
      spentToday: number;
      heldNow: number;
      renewsInSeconds: number;
      days: Array<{
        day: string;
        kind: "embeddings" | "chat" | "rerank";
        model: string;
        calls: number;
        promptTokens: number;
        completionTokens: number;
        unsettledTokens: number;
      }>;
    };
  };
  /** Bound what your account spends on models in a day */
  "PUT /v1/inference/bound": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      tokensPerDay: number | null;
    };
    answer: {
      tokensPerDay: number | null;
      planTokensPerDay: number | null;
      ownTokensPerDay: number | null;
      spentToday: number;
      heldNow: number;
      renewsInSeconds: number;
      days: Array<{
        day: string;
        kind: "embeddings" | "chat" | "rerank";
        model: string;
        calls: number;
        promptTokens: number;
        completionTokens: number;
        unsettledTokens: number;
      }>;
    };
  };
  /** Ask for all of the API over one WebSocket */
  "GET /v1/stream": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Follow what happens in your account, as server-sent events */
  "GET /v1/events": {
    path: Record<never, never>;
    query: {
      agent?: string;
      run?: string;
      task?: string;
      after?: string;
      topic?: string;
      type?: string;
      from?: string;
      newest?: number;
    };
    body: undefined;
    answer: undefined;
  };
  /** Show the work of your account that failed on every attempt */
  "GET /v1/dead-letters": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        queue: "unit-verify" | "unit-index";
        unitId: string;
        version: number;
        reason: string;
        at: string;
      }>;
    };
  };
  /** Put your account's oldest 100 dead letters back to work */
  "POST /v1/dead-letters/redrive": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      redriven: number;
    };
  };
  /** Register an agent, by what it is or by the address of its A2A card */
  "POST /v1/agents": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      name?: string;
      type: "query" | "analysis" | "generation" | "verification" | "coordination";
      description?: string;
      capabilities?: Array<string>;
      visibility?: "private" | "listed";
      accepts?: "account" | "listed" | Array<string>;
      envelopeKeys?: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
      start?: boolean;
      cardUrl?: string;
      authorization?: string;
    };
    answer: {
      id: string;
      accountId: string;
      name: string;
      type: "query" | "analysis" | "generation" | "verification" | "coordination";
      description: string;
      capabilities: Array<string>;
      visibility: "private" | "listed";
      accepts: "account" | "listed" | Array<string>;
      state: "created" | "active" | "paused" | "retired" | "quarantined";
      quarantine?: {
        from: "created" | "active" | "paused" | "retired" | "quarantined";
        by: "account" | "operator";
        reason: string;
        since: string;
      };
      outside?: {
        cardUrl: string;
        card: "signed" | "unsigned" | "altered";
        cardVersion: string;
        endpoint: string;
        checkedAt: string;
      };
      envelopeKeys: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** List your account's agents, or everybody's that are listed, newest first */
  "GET /v1/agents": {
    path: Record<never, never>;
    query: {
      limit?: number;
      cursor?: string;
      of?: "own" | "everybody";
      type?: "query" | "analysis" | "generation" | "verification" | "coordination";
      state?: "created" | "active" | "paused" | "retired" | "quarantined";
      visibility?: "private" | "listed";
      capability?: string;
      q?: string;
    };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        accountId: string;
        name: string;
        type: "query" | "analysis" | "generation" | "verification" | "coordination";
        description: string;
        capabilities: Array<string>;
        visibility: "private" | "listed";
        accepts: "account" | "listed" | Array<string>;
        state: "created" | "active" | "paused" | "retired" | "quarantined";
        quarantine?: {
          from: "created" | "active" | "paused" | "retired" | "quarantined";
          by: "account" | "operator";
          reason: string;
          since: string;
        };
        outside?: {
          cardUrl: string;
          card: "signed" | "unsigned" | "altered";
          cardVersion: string;
          endpoint: string;
          checkedAt: string;
        };
        envelopeKeys: Array<
          | {
              kty: "EC";
              crv: "P-256";
              kid: string;
              use: "sig" | "enc";
              x: string;
              y: string;
            }
          | {
              kty: "OKP";
              crv: "Ed25519";
              kid: string;
              use: "sig";
              x: string;
            }
          | {
              kty: "OKP";
              crv: "X25519";
              kid: string;
              use: "enc";
              x: string;
            }
        >;
        version: number;
        createdAt: string;
        updatedAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Read an agent: one of your account's, or one that is listed */
  "GET /v1/agents/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      accountId: string;
      name: string;
      type: "query" | "analysis" | "generation" | "verification" | "coordination";
      description: string;
      capabilities: Array<string>;
      visibility: "private" | "listed";
      accepts: "account" | "listed" | Array<string>;
      state: "created" | "active" | "paused" | "retired" | "quarantined";
      quarantine?: {
        from: "created" | "active" | "paused" | "retired" | "quarantined";
        by: "account" | "operator";
        reason: string;
        since: string;
      };
      outside?: {
        cardUrl: string;
        card: "signed" | "unsigned" | "altered";
        cardVersion: string;
        endpoint: string;
        checkedAt: string;
      };
      envelopeKeys: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Change an agent */
  "PATCH /v1/agents/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      name?: string;
      description?: string;
      capabilities?: Array<string>;
      visibility?: "private" | "listed";
      accepts?: "account" | "listed" | Array<string>;
      envelopeKeys?: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
    };
    answer: {
      id: string;
      accountId: string;
      name: string;
      type: "query" | "analysis" | "generation" | "verification" | "coordination";
      description: string;
      capabilities: Array<string>;
      visibility: "private" | "listed";
      accepts: "account" | "listed" | Array<string>;
      state: "created" | "active" | "paused" | "retired" | "quarantined";
      quarantine?: {
        from: "created" | "active" | "paused" | "retired" | "quarantined";
        by: "account" | "operator";
        reason: string;
        since: string;
      };
      outside?: {
        cardUrl: string;
        card: "signed" | "unsigned" | "altered";
        cardVersion: string;
        endpoint: string;
        checkedAt: string;
      };
      envelopeKeys: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Delete an agent with its mailbox; its name is free again */
  "DELETE /v1/agents/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Connect an agent: its messages, and requests to all of the API, over one WebSocket */
  "GET /v1/agents/{id}/session": {
    path: { id: string };
    query: { after?: number };
    body: undefined;
    answer: undefined;
  };
  /** Start an agent that was registered to wait */
  "POST /v1/agents/{id}/start": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      accountId: string;
      name: string;
      type: "query" | "analysis" | "generation" | "verification" | "coordination";
      description: string;
      capabilities: Array<string>;
      visibility: "private" | "listed";
      accepts: "account" | "listed" | Array<string>;
      state: "created" | "active" | "paused" | "retired" | "quarantined";
      quarantine?: {
        from: "created" | "active" | "paused" | "retired" | "quarantined";
        by: "account" | "operator";
        reason: string;
        since: string;
      };
      outside?: {
        cardUrl: string;
        card: "signed" | "unsigned" | "altered";
        cardVersion: string;
        endpoint: string;
        checkedAt: string;
      };
      envelopeKeys: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Pause an agent */
  "POST /v1/agents/{id}/pause": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      accountId: string;
      name: string;
      type: "query" | "analysis" | "generation" | "verification" | "coordination";
      description: string;
      capabilities: Array<string>;
      visibility: "private" | "listed";
      accepts: "account" | "listed" | Array<string>;
      state: "created" | "active" | "paused" | "retired" | "quarantined";
      quarantine?: {
        from: "created" | "active" | "paused" | "retired" | "quarantined";
        by: "account" | "operator";
        reason: string;
        since: string;
      };
      outside?: {
        cardUrl: string;
        card: "signed" | "unsigned" | "altered";
        cardVersion: string;
        endpoint: string;
        checkedAt: string;
      };
      envelopeKeys: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Let a paused agent go on */
  "POST /v1/agents/{id}/resume": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      accountId: string;
      name: string;
      type: "query" | "analysis" | "generation" | "verification" | "coordination";
      description: string;
      capabilities: Array<string>;
      visibility: "private" | "listed";
      accepts: "account" | "listed" | Array<string>;
      state: "created" | "active" | "paused" | "retired" | "quarantined";
      quarantine?: {
        from: "created" | "active" | "paused" | "retired" | "quarantined";
        by: "account" | "operator";
        reason: string;
        since: string;
      };
      outside?: {
        cardUrl: string;
        card: "signed" | "unsigned" | "altered";
        cardVersion: string;
        endpoint: string;
        checkedAt: string;
      };
      envelopeKeys: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Retire an agent for good */
  "POST /v1/agents/{id}/retire": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      accountId: string;
      name: string;
      type: "query" | "analysis" | "generation" | "verification" | "coordination";
      description: string;
      capabilities: Array<string>;
      visibility: "private" | "listed";
      accepts: "account" | "listed" | Array<string>;
      state: "created" | "active" | "paused" | "retired" | "quarantined";
      quarantine?: {
        from: "created" | "active" | "paused" | "retired" | "quarantined";
        by: "account" | "operator";
        reason: string;
        since: string;
      };
      outside?: {
        cardUrl: string;
        card: "signed" | "unsigned" | "altered";
        cardVersion: string;
        endpoint: string;
        checkedAt: string;
      };
      envelopeKeys: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Stop an agent at once: its keys, its work and its units */
  "POST /v1/agents/{id}/quarantine": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      reason: string;
    };
    answer: {
      id: string;
      accountId: string;
      name: string;
      type: "query" | "analysis" | "generation" | "verification" | "coordination";
      description: string;
      capabilities: Array<string>;
      visibility: "private" | "listed";
      accepts: "account" | "listed" | Array<string>;
      state: "created" | "active" | "paused" | "retired" | "quarantined";
      quarantine?: {
        from: "created" | "active" | "paused" | "retired" | "quarantined";
        by: "account" | "operator";
        reason: string;
        since: string;
      };
      outside?: {
        cardUrl: string;
        card: "signed" | "unsigned" | "altered";
        cardVersion: string;
        endpoint: string;
        checkedAt: string;
      };
      envelopeKeys: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Let an agent out of quarantine: all of it comes back as it was */
  "POST /v1/agents/{id}/release": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      accountId: string;
      name: string;
      type: "query" | "analysis" | "generation" | "verification" | "coordination";
      description: string;
      capabilities: Array<string>;
      visibility: "private" | "listed";
      accepts: "account" | "listed" | Array<string>;
      state: "created" | "active" | "paused" | "retired" | "quarantined";
      quarantine?: {
        from: "created" | "active" | "paused" | "retired" | "quarantined";
        by: "account" | "operator";
        reason: string;
        since: string;
      };
      outside?: {
        cardUrl: string;
        card: "signed" | "unsigned" | "altered";
        cardVersion: string;
        endpoint: string;
        checkedAt: string;
      };
      envelopeKeys: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Cancel work that an agent has handed on */
  "POST /v1/agents/{id}/delegations/{delegationId}/cancel": {
    path: { id: string; delegationId: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      state: "canceled";
    };
  };
  /** Read what an agent's program has kept, and which release it is of */
  "GET /v1/agents/{id}/state": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      state: unknown;
      program: string | null;
      release: number;
      version: number;
      updatedAt: string | null;
      previous: Array<{
        release: number;
        program: string | null;
      }>;
    };
  };
  /** Keep an agent's state */
  "PUT /v1/agents/{id}/state": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      state: unknown;
    };
    answer: {
      state: unknown;
      program: string | null;
      release: number;
      version: number;
      updatedAt: string | null;
      previous: Array<{
        release: number;
        program: string | null;
      }>;
    };
  };
  /** Put a new program and its migrated state in place of the old ones, in one step */
  "POST /v1/agents/{id}/upgrade": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      program: string;
      state?: unknown;
    };
    answer: {
      state: unknown;
      program: string | null;
      release: number;
      version: number;
      updatedAt: string | null;
      previous: Array<{
        release: number;
        program: string | null;
      }>;
    };
  };
  /** Go back to an earlier release, with the state that it was left with */
  "POST /v1/agents/{id}/roll-back": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      release: number;
    };
    answer: {
      state: unknown;
      program: string | null;
      release: number;
      version: number;
      updatedAt: string | null;
      previous: Array<{
        release: number;
        program: string | null;
      }>;
    };
  };
  /** See whether an agent is there: by its session, or by what it works on */
  "GET /v1/agents/{id}/presence": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      isPresent: boolean;
      sessions: number;
      leases: number;
    };
  };
  /** Make an API key that acts as an agent */
  "POST /v1/agents/{id}/keys": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      name: string;
      scopes: Array<
        | "search"
        | "units:read"
        | "units:write"
        | "agents"
        | "tasks"
        | "inference"
        | "events"
        | "keys"
        | "audit"
        | "admin"
        | "scim"
      >;
      expiresAt?: string;
      networks?: Array<string>;
    };
    answer: {
      id: string;
      name: string;
      scopes: Array<
        | "search"
        | "units:read"
        | "units:write"
        | "agents"
        | "tasks"
        | "inference"
        | "events"
        | "keys"
        | "audit"
        | "admin"
        | "scim"
      >;
      principalId: string;
      agentId: string | null;
      parentId: string | null;
      replacedById: string | null;
      networks: Array<string> | null;
      createdAt: string;
      expiresAt: string | null;
      lastUsedAt: string | null;
      apiKey: string;
    };
  };
  /** List the API keys that act as an agent, newest first */
  "GET /v1/agents/{id}/keys": {
    path: { id: string };
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        name: string;
        scopes: Array<
          | "search"
          | "units:read"
          | "units:write"
          | "agents"
          | "tasks"
          | "inference"
          | "events"
          | "keys"
          | "audit"
          | "admin"
          | "scim"
        >;
        principalId: string;
        agentId: string | null;
        parentId: string | null;
        replacedById: string | null;
        networks: Array<string> | null;
        createdAt: string;
        expiresAt: string | null;
        lastUsedAt: string | null;
      }>;
      nextCursor: string | null;
    };
  };
  /** Revoke an agent's API key, and the keys and sessions made with it */
  "DELETE /v1/agents/{id}/keys/{keyId}": {
    path: { id: string; keyId: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Have an agent's messages delivered to a webhook */
  "PUT /v1/agents/{id}/delivery": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      url: string;
      secret?: string;
    };
    answer: {
      url: string;
      state: "active" | "failing" | "gone";
      failures: number;
      lastAttemptAt: string | null;
      lastStatus: number | null;
      nextAttemptAt: string | null;
      waiting: number;
      deadLetters: number;
      secret?: string;
    };
  };
  /** Read where an agent's messages are delivered, and how that goes */
  "GET /v1/agents/{id}/delivery": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      url: string;
      state: "active" | "failing" | "gone";
      failures: number;
      lastAttemptAt: string | null;
      lastStatus: number | null;
      nextAttemptAt: string | null;
      waiting: number;
      deadLetters: number;
    };
  };
  /** Deliver an agent's messages no more: they wait in its mailbox */
  "DELETE /v1/agents/{id}/delivery": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Send an agent's webhook a ping, to see that it verifies signatures */
  "POST /v1/agents/{id}/delivery/ping": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
    };
  };
  /** Show what an agent's webhook never took */
  "GET /v1/agents/{id}/delivery/dead-letters": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        reason: string;
        attempts: number;
        createdAt: string;
        deadAt: string;
        body: string;
      }>;
    };
  };
  /** Send the oldest 100 dead letters of an agent's webhook again */
  "POST /v1/agents/{id}/delivery/redrive": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      redriven: number;
    };
  };
  /** Connect a messenger, mail or a webhook to one of your agents */
  "POST /v1/channels": {
    path: Record<never, never>;
    query: Record<never, never>;
    body:
      | {
          type: "slack";
          name: string;
          agentId: string;
          limits?: {
            outboundPerMinute?: number;
            inboundPerMinute?: number;
          };
          config: {
            signingSecret: string;
            botToken: string;
            apiUrl?: string;
          };
        }
      | {
          type: "telegram";
          name: string;
          agentId: string;
          limits?: {
            outboundPerMinute?: number;
            inboundPerMinute?: number;
          };
          config: {
            botToken: string;
            secretToken?: string;
            apiUrl?: string;
          };
        }
      | {
          type: "discord";
          name: string;
          agentId: string;
          limits?: {
            outboundPerMinute?: number;
            inboundPerMinute?: number;
          };
          config: {
            publicKey: string;
            botToken: string;
            apiUrl?: string;
          };
        }
      | {
          type: "feishu";
          name: string;
          agentId: string;
          limits?: {
            outboundPerMinute?: number;
            inboundPerMinute?: number;
          };
          config: {
            appId: string;
            appSecret: string;
            encryptKey: string;
            verificationToken: string;
            apiUrl?: string;
          };
        }
      | {
          type: "wecom";
          name: string;
          agentId: string;
          limits?: {
            outboundPerMinute?: number;
            inboundPerMinute?: number;
          };
          config: {
            corpId: string;
            agentId: string;
            secret: string;
            token: string;
            encodingAesKey: string;
            apiUrl?: string;
          };
        }
      | {
          type: "dingtalk";
          name: string;
          agentId: string;
          limits?: {
            outboundPerMinute?: number;
            inboundPerMinute?: number;
          };
          config: {
            appKey: string;
            appSecret: string;
            robotCode?: string;
            apiUrl?: string;
          };
        }
      | {
          type: "webhook";
          name: string;
          agentId: string;
          limits?: {
            outboundPerMinute?: number;
            inboundPerMinute?: number;
          };
          config: {
            url: string;
            secret?: string;
          };
        }
      | {
          type: "email";
          name: string;
          agentId: string;
          limits?: {
            outboundPerMinute?: number;
            inboundPerMinute?: number;
          };
          config: {
            relayUrl?: string;
            address?: string;
            authservId?: string;
            secret?: string;
            allowedSenders?: string;
          };
        };
    answer: {
      id: string;
      version: number;
      type:
        | "slack"
        | "telegram"
        | "discord"
        | "feishu"
        | "wecom"
        | "dingtalk"
        | "webhook"
        | "email";
      name: string;
      agentId: string;
      state: "active" | "paused";
      config: Record<string, string>;
      secrets: Array<string>;
      limits: {
        outboundPerMinute: number;
        inboundPerMinute: number;
      };
      inboundUrl: string;
      address?: string;
      createdAt: string;
      made?: Record<string, string>;
    };
  };
  /** List your account's channels, newest first */
  "GET /v1/channels": {
    path: Record<never, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        version: number;
        type:
          | "slack"
          | "telegram"
          | "discord"
          | "feishu"
          | "wecom"
          | "dingtalk"
          | "webhook"
          | "email";
        name: string;
        agentId: string;
        state: "active" | "paused";
        config: Record<string, string>;
        secrets: Array<string>;
        limits: {
          outboundPerMinute: number;
          inboundPerMinute: number;
        };
        inboundUrl: string;
        address?: string;
        createdAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Read a channel */
  "GET /v1/channels/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      version: number;
      type:
        | "slack"
        | "telegram"
        | "discord"
        | "feishu"
        | "wecom"
        | "dingtalk"
        | "webhook"
        | "email";
      name: string;
      agentId: string;
      state: "active" | "paused";
      config: Record<string, string>;
      secrets: Array<string>;
      limits: {
        outboundPerMinute: number;
        inboundPerMinute: number;
      };
      inboundUrl: string;
      address?: string;
      createdAt: string;
    };
  };
  /** Change, pause or resume a channel */
  "PATCH /v1/channels/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      name?: string;
      agentId?: string;
      limits?: {
        outboundPerMinute?: number;
        inboundPerMinute?: number;
      };
      config?: Record<string, string>;
      state?: "active" | "paused";
    };
    answer: {
      id: string;
      version: number;
      type:
        | "slack"
        | "telegram"
        | "discord"
        | "feishu"
        | "wecom"
        | "dingtalk"
        | "webhook"
        | "email";
      name: string;
      agentId: string;
      state: "active" | "paused";
      config: Record<string, string>;
      secrets: Array<string>;
      limits: {
        outboundPerMinute: number;
        inboundPerMinute: number;
      };
      inboundUrl: string;
      address?: string;
      createdAt: string;
    };
  };
  /** Disconnect a channel, with whatever is on its way */
  "DELETE /v1/channels/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Say something in a conversation of a channel */
  "POST /v1/channels/{id}/messages": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      conversationId: string;
      body: {
        text: string;
      };
    };
    answer: {
      id: string;
      conversationId: string;
      state: "waiting";
    };
  };
  /** Show how a channel does, both ways */
  "GET /v1/channels/{id}/traffic": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      inbound: {
        waiting: number;
        deadLetters: number;
        failures: number;
        resumesAt: string | null;
        lastMinute: number;
        lastAt: string | null;
      };
      outbound: {
        waiting: number;
        deadLetters: number;
        failures: number;
        resumesAt: string | null;
        lastMinute: number;
        lastAt: string | null;
      };
    };
  };
  /** Show what a channel has given up */
  "GET /v1/channels/{id}/dead-letters": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        direction: "inbound" | "outbound";
        conversationId: string;
        reason: string;
        attempts: number;
        createdAt: string;
        deadAt: string;
        body: unknown;
      }>;
    };
  };
  /** Put a channel's oldest 100 dead letters back to work */
  "POST /v1/channels/{id}/redrive": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      redriven: number;
    };
  };
  /** Bring a channel what was said at its vendor */
  "POST /v1/channels/{id}/inbound": {
    path: { id: string };
    query: { msg_signature?: string; timestamp?: string; nonce?: string; echostr?: string };
    body: undefined;
    answer: undefined;
  };
  /** Answer a vendor that asks whether a channel's address is its own */
  "GET /v1/channels/{id}/inbound": {
    path: { id: string };
    query: { msg_signature?: string; timestamp?: string; nonce?: string; echostr?: string };
    body: undefined;
    answer: undefined;
  };
  /** Have your account's events sent to an address */
  "POST /v1/webhooks": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      url: string;
      events: Array<string>;
      topics?: Array<"unit.events" | "agent.events" | "agent.tasks" | "audit.logs">;
      ordered?: boolean;
      description?: string;
      secret?: string;
    };
    answer: {
      id: string;
      url: string;
      events: Array<string>;
      topics: Array<"unit.events" | "agent.events" | "agent.tasks" | "audit.logs">;
      ordered: boolean;
      description: string;
      state: "active" | "paused" | "disabled";
      reason: "gone" | "failing" | "forbidden" | null;
      version: number;
      createdAt: string;
      updatedAt: string;
      secret: string;
    };
  };
  /** List your account's webhooks, newest first */
  "GET /v1/webhooks": {
    path: Record<never, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        url: string;
        events: Array<string>;
        topics: Array<"unit.events" | "agent.events" | "agent.tasks" | "audit.logs">;
        ordered: boolean;
        description: string;
        state: "active" | "paused" | "disabled";
        reason: "gone" | "failing" | "forbidden" | null;
        version: number;
        createdAt: string;
        updatedAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Read a webhook */
  "GET /v1/webhooks/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      url: string;
      events: Array<string>;
      topics: Array<"unit.events" | "agent.events" | "agent.tasks" | "audit.logs">;
      ordered: boolean;
      description: string;
      state: "active" | "paused" | "disabled";
      reason: "gone" | "failing" | "forbidden" | null;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Change a webhook, pause it, or let it go on */
  "PATCH /v1/webhooks/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      url?: string;
      events?: Array<string>;
      topics?: Array<"unit.events" | "agent.events" | "agent.tasks" | "audit.logs">;
      ordered?: boolean;
      description?: string;
      state?: "active" | "paused";
    };
    answer: {
      id: string;
      url: string;
      events: Array<string>;
      topics: Array<"unit.events" | "agent.events" | "agent.tasks" | "audit.logs">;
      ordered: boolean;
      description: string;
      state: "active" | "paused" | "disabled";
      reason: "gone" | "failing" | "forbidden" | null;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** End a webhook, with all that waits for it */
  "DELETE /v1/webhooks/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Give a webhook a new secret; the one before signs for a day more */
  "POST /v1/webhooks/{id}/rotate": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      secret: string;
    };
  };
  /** Read how a webhook does: failures, what is tried again, what was given up */
  "GET /v1/webhooks/{id}/status": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      failures: number;
      failingSince: string | null;
      lastAttemptAt: string | null;
      lastStatus: number | null;
      nextAttemptAt: string | null;
      retrying: number;
      deadLetters: number;
      missed: number;
    };
  };
  /** List a webhook's attempts, newest first */
  "GET /v1/webhooks/{id}/deliveries": {
    path: { id: string };
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        number: number;
        id: string;
        type: string;
        attempt: number;
        at: string;
        durationMs: number;
        status: number | null;
        outcome: "delivered" | "failed" | "given-up";
        nextAttemptAt: string | null;
        detail: string | null;
      }>;
      nextCursor: string | null;
    };
  };
  /** Send a webhook a ping, to see that it verifies signatures */
  "POST /v1/webhooks/{id}/ping": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
    };
  };
  /** Send a webhook again what came since a time, or since one delivery */
  "POST /v1/webhooks/{id}/replay": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      from: string;
    };
    answer: {
      from: string;
    };
  };
  /** List what a webhook never took, oldest first */
  "GET /v1/webhooks/{id}/dead-letters": {
    path: { id: string };
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        reason: string;
        attempts: number;
        createdAt: string;
        deadAt: string;
        body: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Send the oldest 100 dead letters of a webhook again */
  "POST /v1/webhooks/{id}/redrive": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      redriven: number;
    };
  };
  /** Read the card of an agent that runs elsewhere again */
  "POST /v1/agents/{id}/refresh": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      accountId: string;
      name: string;
      type: "query" | "analysis" | "generation" | "verification" | "coordination";
      description: string;
      capabilities: Array<string>;
      visibility: "private" | "listed";
      accepts: "account" | "listed" | Array<string>;
      state: "created" | "active" | "paused" | "retired" | "quarantined";
      quarantine?: {
        from: "created" | "active" | "paused" | "retired" | "quarantined";
        by: "account" | "operator";
        reason: string;
        since: string;
      };
      outside?: {
        cardUrl: string;
        card: "signed" | "unsigned" | "altered";
        cardVersion: string;
        endpoint: string;
        checkedAt: string;
      };
      envelopeKeys: Array<
        | {
            kty: "EC";
            crv: "P-256";
            kid: string;
            use: "sig" | "enc";
            x: string;
            y: string;
          }
        | {
            kty: "OKP";
            crv: "Ed25519";
            kid: string;
            use: "sig";
            x: string;
          }
        | {
            kty: "OKP";
            crv: "X25519";
            kid: string;
            use: "enc";
            x: string;
          }
      >;
      version: number;
      createdAt: string;
      updatedAt: string;
    };
  };
  /** Send a message to an agent */
  "POST /v1/agents/{id}/messages": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      body: unknown;
      conversationId?: string;
      priority?: number;
      deadline?: string;
      deduplicationId?: string;
      kind?: string;
      inReplyTo?: string;
      fromAgentId?: string;
      delegation?: {
        of?: string;
        budget?: number;
        deadline?: string;
      };
    };
    answer: {
      id: string;
      conversationId: string | null;
      priority: number;
      sentAt: string;
      duplicate: boolean;
      delegationId?: string;
    };
  };
  /** Show what lies in an agent's mailbox, oldest first */
  "GET /v1/agents/{id}/messages": {
    path: { id: string };
    query: { limit?: number; cursor?: string; state?: "waiting" | "leased" | "dead" };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        from: {
          accountId: string;
          agentId?: string;
        };
        kind: string;
        conversationId: string | null;
        inReplyTo: string | null;
        priority: number;
        sentAt: string;
        deadline: string | null;
        attempts: number;
        state: "waiting" | "leased" | "dead";
        leasedUntil: string | null;
        diedAt: string | null;
        cause: "deadline" | "attempts" | "refused" | "abandoned" | null;
        reason: string | null;
        body: unknown;
      }>;
      nextCursor: string | null;
    };
  };
  /** Send an agent several messages, in their order */
  "POST /v1/agents/{id}/messages/batch": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      messages: Array<{
        body: unknown;
        conversationId?: string;
        priority?: number;
        deadline?: string;
        deduplicationId?: string;
        kind?: string;
        inReplyTo?: string;
        fromAgentId?: string;
        delegation?: {
          of?: string;
          budget?: number;
          deadline?: string;
        };
        idempotencyKey?: string;
      }>;
    };
    answer: {
      results: Array<
        | {
            id: string;
            conversationId: string | null;
            priority: number;
            sentAt: string;
            duplicate: boolean;
            delegationId?: string;
          }
        | {
            code: string;
            detail: string;
            retryAfterS?: number;
            errors?: Array<{
              pointer: string;
              detail: string;
            }>;
          }
      >;
    };
  };
  /** Take an agent's next messages to work on */
  "POST /v1/agents/{id}/messages/lease": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      limit?: number;
      leaseMs?: number;
      waitMs?: number;
    };
    answer: {
      messages: Array<{
        id: string;
        from: {
          accountId: string;
          agentId?: string;
        };
        kind: string;
        conversationId: string | null;
        inReplyTo: string | null;
        priority: number;
        sentAt: string;
        deadline: string | null;
        attempts: number;
        traceparent?: string;
        fencingToken: number;
        leasedUntil: string;
        delegation?: {
          id: string;
          chain: Array<string>;
          budget: number;
          deadline: string;
        };
        body: unknown;
      }>;
    };
  };
  /** Acknowledge a message: its work is done */
  "POST /v1/agents/{id}/messages/{messageId}/ack": {
    path: { id: string; messageId: string };
    query: Record<never, never>;
    body: {
      fencingToken: number;
    };
    answer: {
      id: string;
      state: "done" | "waiting" | "leased" | "dead";
      leasedUntil?: string;
    };
  };
  /** Acknowledge a message: its work is done, several at once */
  "POST /v1/agents/{id}/messages/ack": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      messages: Array<{
        fencingToken: number;
        id: string;
      }>;
    };
    answer: {
      results: Array<
        | {
            id: string;
            state: "done" | "waiting" | "leased" | "dead";
            leasedUntil?: string;
          }
        | {
            id: string;
            code: string;
            detail: string;
          }
      >;
    };
  };
  /** Give a message back, to be given out again or to become a dead letter */
  "POST /v1/agents/{id}/messages/{messageId}/nack": {
    path: { id: string; messageId: string };
    query: Record<never, never>;
    body: {
      fencingToken: number;
      delayMs?: number;
      final?: boolean;
      reason?: string;
    };
    answer: {
      id: string;
      state: "done" | "waiting" | "leased" | "dead";
      leasedUntil?: string;
    };
  };
  /** Give a message back, to be given out again or to become a dead letter, several at once */
  "POST /v1/agents/{id}/messages/nack": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      messages: Array<{
        fencingToken: number;
        delayMs?: number;
        final?: boolean;
        reason?: string;
        id: string;
      }>;
    };
    answer: {
      results: Array<
        | {
            id: string;
            state: "done" | "waiting" | "leased" | "dead";
            leasedUntil?: string;
          }
        | {
            id: string;
            code: string;
            detail: string;
          }
      >;
    };
  };
  /** Keep a message longer, counted from now */
  "POST /v1/agents/{id}/messages/{messageId}/extend": {
    path: { id: string; messageId: string };
    query: Record<never, never>;
    body: {
      fencingToken: number;
      leaseMs?: number;
    };
    answer: {
      id: string;
      state: "done" | "waiting" | "leased" | "dead";
      leasedUntil?: string;
    };
  };
  /** Keep a message longer, counted from now, several at once */
  "POST /v1/agents/{id}/messages/extend": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      messages: Array<{
        fencingToken: number;
        leaseMs?: number;
        id: string;
      }>;
    };
    answer: {
      results: Array<
        | {
            id: string;
            state: "done" | "waiting" | "leased" | "dead";
            leasedUntil?: string;
          }
        | {
            id: string;
            code: string;
            detail: string;
          }
      >;
    };
  };
  /** Show how much lies in an agent's mailbox */
  "GET /v1/agents/{id}/mailbox": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      waiting: number;
      leased: number;
      dead: number;
      bytes: number;
      oldestSentAt: string | null;
    };
  };
  /** Read a message that lies in an agent's mailbox, without taking it out */
  "GET /v1/agents/{id}/messages/{messageId}": {
    path: { id: string; messageId: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      from: {
        accountId: string;
        agentId?: string;
      };
      kind: string;
      conversationId: string | null;
      inReplyTo: string | null;
      priority: number;
      sentAt: string;
      deadline: string | null;
      attempts: number;
      state: "waiting" | "leased" | "dead";
      leasedUntil: string | null;
      diedAt: string | null;
      cause: "deadline" | "attempts" | "refused" | "abandoned" | null;
      reason: string | null;
      body: unknown;
    };
  };
  /** Delete a message that nobody works on */
  "DELETE /v1/agents/{id}/messages/{messageId}": {
    path: { id: string; messageId: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      state: "deleted";
    };
  };
  /** Put dead letters back where they stood, as if nobody had tried them */
  "POST /v1/agents/{id}/messages/redrive": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      ids?: Array<string>;
    };
    answer: {
      redriven: number;
    };
  };
  /** Find the agents for a task */
  "POST /v1/agents/match": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      task: string;
      requiredCapabilities?: Array<string>;
      type?: "query" | "analysis" | "generation" | "verification" | "coordination";
      limit?: number;
    };
    answer: {
      matches: Array<{
        agentId: string;
        accountId: string;
        name: string;
        type: "query" | "analysis" | "generation" | "verification" | "coordination";
        score: number;
        why: {
          similarity: number;
          cosine: number | null;
          words: number | null;
          capabilities: Array<{
            capability: string;
            grade: "declared" | "exercised" | "verified";
          }>;
          quality: {
            value: number;
            success: number;
            of: "capabilities" | "all-tasks" | "nothing";
            tasks: number;
            latencyMs: number | null;
            credits: number | null;
            lastAnsweredAt: string | null;
          };
          takesMessages: boolean;
        };
      }>;
      partial: boolean;
      tookMs: number;
    };
  };
  /** Read what an agent's tasks have shown: how likely it does the next one, how long that takes, and at what cost */
  "GET /v1/agents/{id}/record": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      success: number;
      tasks: number;
      latencyMs: number | null;
      credits: number | null;
      lastAnsweredAt: string | null;
      capabilities: Array<{
        capability: string;
        grade: "declared" | "exercised" | "verified";
      }>;
    };
  };
  /** The Agent Card of the platform itself (A2A 1.0, signed) */
  "GET /.well-known/agent-card.json": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** The Agent Card of a listed agent (A2A 1.0, signed) */
  "GET /a2a/{id}/.well-known/agent-card.json": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** The Agent Card of an agent that you may see, also where it is private */
  "GET /v1/agents/{id}/card": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** What agents find here (Agentic Resource Discovery v0.91) */
  "GET /.well-known/ard.json": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** The same under the name it had before */
  "GET /.well-known/ai-catalog.json": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** Say what became of a task that the agent works on */
  "POST /v1/agents/{id}/tasks/{taskId}/updates": {
    path: { id: string; taskId: string };
    query: Record<never, never>;
    body: {
      messageId: string;
      fencingToken: number;
      artifacts?: Array<{
        artifactId: string;
        name?: string;
        description?: string;
        parts: Array<{
          text?: string | null;
          raw?: string | null;
          url?: string | null;
          data?: unknown;
          mediaType?: string | null | "";
          filename?: string | null;
          metadata?: Record<string, unknown> | null;
        }>;
        metadata?: Record<string, unknown>;
        append?: boolean;
        lastChunk?: boolean;
      }>;
      status?: {
        state: "working" | "input-required" | "auth-required" | "completed" | "failed" | "rejected";
        parts?: Array<{
          text?: string | null;
          raw?: string | null;
          url?: string | null;
          data?: unknown;
          mediaType?: string | null | "";
          filename?: string | null;
          metadata?: Record<string, unknown> | null;
        }>;
      };
      answer?: Array<{
        text?: string | null;
        raw?: string | null;
        url?: string | null;
        data?: unknown;
        mediaType?: string | null | "";
        filename?: string | null;
        metadata?: Record<string, unknown> | null;
      }>;
    };
    answer: {
      taskId: string;
      state:
        | "submitted"
        | "working"
        | "input-required"
        | "auth-required"
        | "completed"
        | "failed"
        | "canceled"
        | "rejected";
    };
  };
  /** Read a task that somebody gave your agent, as A2A shows it */
  "GET /v1/agents/{id}/tasks/{taskId}": {
    path: { id: string; taskId: string };
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** A2A, an agent: JSON-RPC */
  "POST /a2a/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: unknown;
    answer: undefined;
  };
  /** A2A, an agent: send a message, `message:send` or `message:stream` */
  "POST /a2a/{id}/rest/{call}": {
    path: { id: string; call: "message:send" | "message:stream" };
    query: Record<never, never>;
    body: unknown;
    answer: undefined;
  };
  /** A2A, an agent: list your tasks */
  "GET /a2a/{id}/rest/tasks": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** A2A, an agent: read a task, or `:subscribe` to it */
  "GET /a2a/{id}/rest/tasks/{task}": {
    path: { id: string; task: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** A2A, an agent: `:cancel` a task, or `:subscribe` to it */
  "POST /a2a/{id}/rest/tasks/{task}": {
    path: { id: string; task: string };
    query: Record<never, never>;
    body: unknown;
    answer: undefined;
  };
  /** A2A, an agent: be told of a task */
  "POST /a2a/{id}/rest/tasks/{task}/pushNotificationConfigs": {
    path: { id: string; task: string };
    query: Record<never, never>;
    body: unknown;
    answer: undefined;
  };
  /** A2A, an agent: who is told of a task */
  "GET /a2a/{id}/rest/tasks/{task}/pushNotificationConfigs": {
    path: { id: string; task: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** A2A, an agent: one who is told of a task */
  "GET /a2a/{id}/rest/tasks/{task}/pushNotificationConfigs/{config}": {
    path: { id: string; task: string; config: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** A2A, an agent: tell one no more */
  "DELETE /a2a/{id}/rest/tasks/{task}/pushNotificationConfigs/{config}": {
    path: { id: string; task: string; config: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** A2A, an agent: the extended card */
  "GET /a2a/{id}/rest/extendedAgentCard": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Give a task to whoever does tasks of its type */
  "POST /v1/tasks": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      type: string;
      input: unknown;
      priority?: number;
      deadline?: string;
      requires?: Array<string>;
      attempts?: number;
      budget?: {
        workMs: number;
      };
      near?: string;
      pool?: "account" | "gpu";
      callback?: {
        url: string;
        secret?: string;
      };
    };
    answer: {
      id: string;
      type: string;
      pool: "account" | "gpu";
      state:
        | "submitted"
        | "working"
        | "input-required"
        | "auth-required"
        | "completed"
        | "failed"
        | "canceled"
        | "rejected";
      priority: number;
      requires: Array<string>;
      near?: string;
      createdAt: string;
      deadline: string | null;
      attempts: number;
      attemptsMax: number;
      leasedUntil: string | null;
      agentId?: string;
      notBefore?: string;
      progress: number | null;
      unschedulable?: string;
      endedAt: string | null;
      cause: "attempts" | "refused" | "deadline" | "budget" | "dependency" | "asked" | null;
      reason: string | null;
      callbackFailed?: {
        at: string;
        reason: string;
      };
    };
  };
  /** List your account's tasks, the newest first */
  "GET /v1/tasks": {
    path: Record<never, never>;
    query: {
      limit?: number;
      cursor?: string;
      state?:
        | "submitted"
        | "working"
        | "input-required"
        | "auth-required"
        | "completed"
        | "failed"
        | "canceled"
        | "rejected";
      type?: string;
      pool?: "account" | "gpu";
    };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        type: string;
        pool: "account" | "gpu";
        state:
          | "submitted"
          | "working"
          | "input-required"
          | "auth-required"
          | "completed"
          | "failed"
          | "canceled"
          | "rejected";
        priority: number;
        requires: Array<string>;
        near?: string;
        createdAt: string;
        deadline: string | null;
        attempts: number;
        attemptsMax: number;
        leasedUntil: string | null;
        agentId?: string;
        notBefore?: string;
        progress: number | null;
        unschedulable?: string;
        endedAt: string | null;
        cause: "attempts" | "refused" | "deadline" | "budget" | "dependency" | "asked" | null;
        reason: string | null;
        callbackFailed?: {
          at: string;
          reason: string;
        };
      }>;
      nextCursor: string | null;
    };
  };
  /** Show where a task stands */
  "GET /v1/tasks/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      type: string;
      pool: "account" | "gpu";
      state:
        | "submitted"
        | "working"
        | "input-required"
        | "auth-required"
        | "completed"
        | "failed"
        | "canceled"
        | "rejected";
      priority: number;
      requires: Array<string>;
      near?: string;
      createdAt: string;
      deadline: string | null;
      attempts: number;
      attemptsMax: number;
      leasedUntil: string | null;
      agentId?: string;
      notBefore?: string;
      progress: number | null;
      unschedulable?: string;
      endedAt: string | null;
      cause: "attempts" | "refused" | "deadline" | "budget" | "dependency" | "asked" | null;
      reason: string | null;
      callbackFailed?: {
        at: string;
        reason: string;
      };
    };
  };
  /** End a task, whoever works on it, and all that come after it */
  "POST /v1/tasks/{id}/cancel": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      reason?: string;
    };
    answer: {
      id: string;
      state:
        | "submitted"
        | "working"
        | "input-required"
        | "auth-required"
        | "completed"
        | "failed"
        | "canceled"
        | "rejected";
      leasedUntil?: string;
      notBefore?: string;
    };
  };
  /** Give several tasks at once, each after those that it depends on */
  "POST /v1/tasks/batch": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      tasks: Array<{
        type: string;
        input: unknown;
        priority?: number;
        deadline?: string;
        requires?: Array<string>;
        attempts?: number;
        budget?: {
          workMs: number;
        };
        near?: string;
        pool?: "account" | "gpu";
        callback?: {
          url: string;
          secret?: string;
        };
        ref?: string;
        dependsOn?: Array<string>;
      }>;
    };
    answer: {
      tasks: Array<{
        id: string;
        type: string;
        pool: "account" | "gpu";
        state:
          | "submitted"
          | "working"
          | "input-required"
          | "auth-required"
          | "completed"
          | "failed"
          | "canceled"
          | "rejected";
        priority: number;
        requires: Array<string>;
        near?: string;
        createdAt: string;
        deadline: string | null;
        attempts: number;
        attemptsMax: number;
        leasedUntil: string | null;
        agentId?: string;
        notBefore?: string;
        progress: number | null;
        unschedulable?: string;
        endedAt: string | null;
        cause: "attempts" | "refused" | "deadline" | "budget" | "dependency" | "asked" | null;
        reason: string | null;
        callbackFailed?: {
          at: string;
          reason: string;
        };
        ref?: string;
      }>;
    };
  };
  /** Follow a task until it has ended, as server-sent events */
  "GET /v1/tasks/{id}/events": {
    path: { id: string };
    query: { after?: string };
    body: undefined;
    answer: undefined;
  };
  /** Read what a completed task came to */
  "GET /v1/tasks/{id}/result": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Say that a task is done, with a result of up to 100 MB */
  "PUT /v1/tasks/{id}/result": {
    path: { id: string };
    query: { fencingToken: number };
    body: undefined;
    answer: {
      id: string;
      state:
        | "submitted"
        | "working"
        | "input-required"
        | "auth-required"
        | "completed"
        | "failed"
        | "canceled"
        | "rejected";
      leasedUntil?: string;
      notBefore?: string;
    };
  };
  /** Show how much waits in the queues that your account's tasks go to */
  "GET /v1/queues": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        pool: "account" | "gpu";
        mode: "open" | "paused" | "draining";
        waiting: number;
        delayed: number;
        blocked: number;
        leased: number;
        failed: number;
        bytes: number;
        oldestAt: string | null;
        shards: number;
      }>;
    };
  };
  /** Give no tasks out until the queue is resumed; what is worked on goes on */
  "POST /v1/queues/{pool}/pause": {
    path: { pool: "account" | "gpu" };
    query: Record<never, never>;
    body: undefined;
    answer: {
      pool: "account" | "gpu";
      mode: "open" | "paused" | "draining";
      waiting: number;
      delayed: number;
      blocked: number;
      leased: number;
      failed: number;
      bytes: number;
      oldestAt: string | null;
      shards: number;
    };
  };
  /** Let a paused or draining queue go on */
  "POST /v1/queues/{pool}/resume": {
    path: { pool: "account" | "gpu" };
    query: Record<never, never>;
    body: undefined;
    answer: {
      pool: "account" | "gpu";
      mode: "open" | "paused" | "draining";
      waiting: number;
      delayed: number;
      blocked: number;
      leased: number;
      failed: number;
      bytes: number;
      oldestAt: string | null;
      shards: number;
    };
  };
  /** Take no new tasks; those that are there are done */
  "POST /v1/queues/{pool}/drain": {
    path: { pool: "account" | "gpu" };
    query: Record<never, never>;
    body: undefined;
    answer: {
      pool: "account" | "gpu";
      mode: "open" | "paused" | "draining";
      waiting: number;
      delayed: number;
      blocked: number;
      leased: number;
      failed: number;
      bytes: number;
      oldestAt: string | null;
      shards: number;
    };
  };
  /** Try failed tasks again, as if nobody had tried them */
  "POST /v1/queues/{pool}/redrive": {
    path: { pool: "account" | "gpu" };
    query: Record<never, never>;
    body: {
      ids?: Array<string>;
    };
    answer: {
      redriven: number;
    };
  };
  /** Have tasks of some types come to an agent's mailbox by themselves */
  "PUT /v1/agents/{id}/task-subscription": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      types: Array<string>;
      atOnce?: number;
      leaseMs?: number;
    };
    answer: {
      types: Array<string>;
      atOnce: number;
      leaseMs: number;
    };
  };
  /** Read which tasks come to an agent's mailbox */
  "GET /v1/agents/{id}/task-subscription": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      types: Array<string>;
      atOnce: number;
      leaseMs: number;
    };
  };
  /** Send an agent no more tasks; those that it has stay its own */
  "DELETE /v1/agents/{id}/task-subscription": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Take the next tasks of some types to work on */
  "POST /v1/tasks/lease": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      types: Array<string>;
      limit?: number;
      leaseMs?: number;
      capabilities?: Array<string>;
      near?: string;
      waitMs?: number;
    };
    answer: {
      tasks: Array<{
        id: string;
        type: string;
        priority: number;
        attempts: number;
        deadline: string | null;
        fencingToken: number;
        leasedUntil: string;
        traceparent?: string;
        input: unknown;
      }>;
    };
  };
  /** Keep a task longer, counted from now, and say how far it is */
  "POST /v1/tasks/{id}/heartbeat": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      fencingToken: number;
      leaseMs?: number;
      progress?: number;
      event?: unknown;
    };
    answer: {
      id: string;
      state:
        | "submitted"
        | "working"
        | "input-required"
        | "auth-required"
        | "completed"
        | "failed"
        | "canceled"
        | "rejected";
      leasedUntil?: string;
      notBefore?: string;
    };
  };
  /** Say that a task is done, with its result */
  "POST /v1/tasks/{id}/complete": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      fencingToken: number;
      result: unknown;
    };
    answer: {
      id: string;
      state:
        | "submitted"
        | "working"
        | "input-required"
        | "auth-required"
        | "completed"
        | "failed"
        | "canceled"
        | "rejected";
      leasedUntil?: string;
      notBefore?: string;
    };
  };
  /** Say that several tasks are done, each with its result */
  "POST /v1/tasks/complete": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      tasks: Array<{
        fencingToken: number;
        result: unknown;
        id: string;
      }>;
    };
    answer: {
      results: Array<
        | {
            id: string;
            state:
              | "submitted"
              | "working"
              | "input-required"
              | "auth-required"
              | "completed"
              | "failed"
              | "canceled"
              | "rejected";
            leasedUntil?: string;
            notBefore?: string;
          }
        | {
            id: string;
            code: string;
            detail: string;
          }
      >;
    };
  };
  /** Give a task back that could not be done */
  "POST /v1/tasks/{id}/fail": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      fencingToken: number;
      reason?: string;
      final?: boolean;
      delayMs?: number;
    };
    answer: {
      id: string;
      state:
        | "submitted"
        | "working"
        | "input-required"
        | "auth-required"
        | "completed"
        | "failed"
        | "canceled"
        | "rejected";
      leasedUntil?: string;
      notBefore?: string;
    };
  };
  /** Show the capacity of your account's own pool and of those that all share */
  "GET /v1/pools": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        name: "account" | "gpu";
        capacity: {
          cpuMilli: number;
          gpuMilli: number;
          memoryMiB: number;
        };
        reserved: {
          cpuMilli: number;
          gpuMilli: number;
          memoryMiB: number;
        };
        share: number;
        waiting: number;
        working: number;
        reservations: number;
        machines: {
          ready: number;
          starting: number;
          leaving: number;
          max: number;
        };
        refusesBelow: number;
        forecast: {
          inMs: number;
          machines: number;
        } | null;
      }>;
      nextCursor: null;
    };
  };
  /** Reserve capacity of a pool on one of its machines */
  "POST /v1/reservations": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      pool?: "account" | "gpu";
      units: {
        cpuMilli?: number;
        gpuMilli?: number;
        memoryMiB?: number;
      };
      priority?: number;
      leaseMs?: number;
    };
    answer: {
      id: string;
      pool: "account" | "gpu";
      units: {
        cpuMilli: number;
        gpuMilli: number;
        memoryMiB: number;
      };
      machine: string;
      priority: number;
      fencingToken: number;
      createdAt: string;
      endsAt: string;
    };
  };
  /** List what your account has reserved of a pool */
  "GET /v1/reservations": {
    path: Record<never, never>;
    query: { pool?: "account" | "gpu" };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        pool: "account" | "gpu";
        units: {
          cpuMilli: number;
          gpuMilli: number;
          memoryMiB: number;
        };
        machine: string;
        priority: number;
        fencingToken: number;
        createdAt: string;
        endsAt: string;
      }>;
      nextCursor: null;
    };
  };
  /** Show a reservation */
  "GET /v1/reservations/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      pool: "account" | "gpu";
      units: {
        cpuMilli: number;
        gpuMilli: number;
        memoryMiB: number;
      };
      machine: string;
      priority: number;
      fencingToken: number;
      createdAt: string;
      endsAt: string;
    };
  };
  /** Keep a reservation longer, counted from now */
  "POST /v1/reservations/{id}/renew": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      fencingToken: number;
      leaseMs?: number;
    };
    answer: {
      id: string;
      pool: "account" | "gpu";
      units: {
        cpuMilli: number;
        gpuMilli: number;
        memoryMiB: number;
      };
      machine: string;
      priority: number;
      fencingToken: number;
      createdAt: string;
      endsAt: string;
    };
  };
  /** Give a reservation back */
  "POST /v1/reservations/{id}/release": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      fencingToken: number;
    };
    answer: {
      id: string;
      pool: "account" | "gpu";
      units: {
        cpuMilli: number;
        gpuMilli: number;
        memoryMiB: number;
      };
      machine: string;
      priority: number;
      fencingToken: number;
      createdAt: string;
      endsAt: string;
    };
  };
  /** Read every metric of the platform as Prometheus does */
  "GET /metrics": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** List what is measured */
  "GET /v1/metrics/names": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        name: string;
        kind: "counter" | "gauge" | "histogram";
        labels: Array<string>;
        help: string;
      }>;
    };
  };
  /** Read how a metric went over time */
  "GET /v1/metrics": {
    path: Record<never, never>;
    query: {
      name: string;
      labels?: string;
      by?: string;
      from?: string;
      to?: string;
      step?: number;
    };
    body: undefined;
    answer: {
      name: string;
      kind: "counter" | "gauge" | "histogram";
      stepSeconds: number;
      groups: Array<{
        labels: Record<string, string>;
        points: Array<{
          at: string;
          count: number;
          sum: number;
          min: number;
          max: number;
          last: number;
          p50: number | null;
          p90: number | null;
          p95: number | null;
          p99: number | null;
        }>;
      }>;
    };
  };
  /** List your account's topics, their partitions and the groups that read them */
  "GET /v1/topics": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        topic: string;
        retentionDays: number;
        compact: boolean;
        partitionsMax: number;
        bytes: number;
        partitions: Array<{
          partition: number;
          earliest: number;
          latest: number;
          bytes: number;
          parent: {
            partition: number;
            offset: number;
          } | null;
        }>;
        groups: Array<{
          group: string;
          generation: number;
          members: number;
          lag: number;
          committed: Array<number>;
        }>;
      }>;
    };
  };
  /** Show a topic, its partitions and the groups that read it */
  "GET /v1/topics/{topic}": {
    path: { topic: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      topic: string;
      retentionDays: number;
      compact: boolean;
      partitionsMax: number;
      bytes: number;
      partitions: Array<{
        partition: number;
        earliest: number;
        latest: number;
        bytes: number;
        parent: {
          partition: number;
          offset: number;
        } | null;
      }>;
      groups: Array<{
        group: string;
        generation: number;
        members: number;
        lag: number;
        committed: Array<number>;
      }>;
    };
  };
  /** Say how long a topic keeps its events, and whether it keeps the newest of each key */
  "PATCH /v1/topics/{topic}": {
    path: { topic: string };
    query: Record<never, never>;
    body: {
      retentionDays?: number;
      compact?: boolean;
    };
    answer: {
      topic: string;
      retentionDays: number;
      compact: boolean;
      partitionsMax: number;
      bytes: number;
      partitions: Array<{
        partition: number;
        earliest: number;
        latest: number;
        bytes: number;
        parent: {
          partition: number;
          offset: number;
        } | null;
      }>;
      groups: Array<{
        group: string;
        generation: number;
        members: number;
        lag: number;
        committed: Array<number>;
      }>;
    };
  };
  /** Read events of a topic again, from any place or time */
  "GET /v1/topics/{topic}/events": {
    path: { topic: string };
    query: { partition?: number; after?: string; from?: string; limit?: number };
    body: undefined;
    answer: {
      items: Array<Record<string, unknown>>;
      partitions: Array<{
        partition: number;
        next: number;
        latest: number;
      }>;
      position: string | null;
    };
  };
  /** Append events of your own to the topic agent.events */
  "POST /v1/topics/{topic}/events": {
    path: { topic: string };
    query: Record<never, never>;
    body: {
      id?: string;
      type?: string;
      subject?: string;
      key?: string;
      time?: string;
      data?: unknown;
      traceparent?: string;
      specversion?: "1.0";
      datacontenttype?: "application/json";
      events?: Array<{
        id?: string;
        type: string;
        subject?: string;
        key?: string;
        time?: string;
        data?: unknown;
        traceparent?: string;
        specversion?: "1.0";
        datacontenttype?: "application/json";
      }>;
    };
    answer: {
      items: Array<{
        id: string;
        partition: number;
        offset: number;
      }>;
    };
  };
  /** Join a group that reads a topic together, or join it again */
  "POST /v1/topics/{topic}/groups/{group}/members": {
    path: { topic: string; group: string };
    query: Record<never, never>;
    body: {
      memberId?: string;
      begin?: "earliest" | "latest";
      sessionMs?: number;
    };
    answer: {
      memberId: string;
      generation: number;
      partitions: Array<{
        partition: number;
        committed: number;
      }>;
    };
  };
  /** Read the next events of the partitions that are the member's */
  "POST /v1/topics/{topic}/groups/{group}/poll": {
    path: { topic: string; group: string };
    query: Record<never, never>;
    body: {
      memberId: string;
      generation: number;
      limit?: number;
      waitMs?: number;
      after?: Array<{
        partition: number;
        offset: number;
      }>;
    };
    answer: {
      events: Array<Record<string, unknown>>;
      partitions: Array<{
        partition: number;
        next: number;
        latest: number;
      }>;
    };
  };
  /** Say how far the group is done with partitions that are the member's */
  "POST /v1/topics/{topic}/groups/{group}/commit": {
    path: { topic: string; group: string };
    query: Record<never, never>;
    body: {
      memberId: string;
      generation: number;
      offsets: Array<{
        partition: number;
        offset: number;
      }>;
    };
    answer: {
      memberId: string;
      generation: number;
      partitions: Array<{
        partition: number;
        committed: number;
      }>;
    };
  };
  /** Leave a group; its partitions are given to others */
  "DELETE /v1/topics/{topic}/groups/{group}/members/{memberId}": {
    path: { topic: string; group: string; memberId: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Forget a group and how far it was */
  "DELETE /v1/topics/{topic}/groups/{group}": {
    path: { topic: string; group: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Read what your account used, by hour or day, operation and kind of caller */
  "GET /v1/usage": {
    path: Record<never, never>;
    query: { from?: string; to?: string; step?: "hour" | "day" };
    body: undefined;
    answer: {
      step: "hour" | "day";
      total: {
        calls: number;
        failed: number;
        units: number;
      };
      items: Array<{
        at: string;
        isSealed: boolean;
        operations: Array<{
          operation: string;
          caller: "agent" | "person" | "service";
          calls: number;
          failed: number;
          units: number;
        }>;
      }>;
    };
  };
  /** Where and how a client gets tokens (RFC 8414) */
  "GET /.well-known/oauth-authorization-server": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** What a token can be for, and who gives it (RFC 9728) */
  "GET /.well-known/oauth-protected-resource": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** The same for one part of the product: v1, mcp or a2a */
  "GET /.well-known/oauth-protected-resource/{part}": {
    path: { part: string };
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** The keys that access tokens are signed with (RFC 7517) */
  "GET /.well-known/jwks.json": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** Get an access token (OAuth 2.1) */
  "POST /oauth/token": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      access_token: string;
      token_type: string;
      expires_in: number;
      scope: string;
      refresh_token?: string;
      issued_token_type?: string;
    };
  };
  /** Ask what a token is worth at this moment (RFC 7662) */
  "POST /oauth/introspect": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      active: boolean;
    };
  };
  /** End a token (RFC 7009) */
  "POST /oauth/revoke": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Register an application that people can let act for them (RFC 7591) */
  "POST /oauth/register": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      client_id: string;
    };
  };
  /** Ask a person to let an application act for them (OAuth 2.1) */
  "GET /oauth/authorize": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Let an application act for you, or not */
  "POST /oauth/authorize": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Get a code for a device to show (RFC 8628) */
  "POST /oauth/device_authorization": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      device_code: string;
      user_code: string;
    };
  };
  /** Let a device act for you */
  "GET /oauth/device": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Let the device that shows a code act for you, or not */
  "POST /oauth/device": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** List what applications may do for you, newest first */
  "GET /v1/oauth/grants": {
    path: Record<never, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        principalId: string;
        clientId: string;
        clientName: string;
        scopes: Array<
          | "search"
          | "units:read"
          | "units:write"
          | "agents"
          | "tasks"
          | "inference"
          | "events"
          | "keys"
          | "audit"
          | "admin"
          | "scim"
        >;
        audience: Array<string>;
        createdAt: string;
        lastUsedAt: string | null;
        expiresAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Let an application act for you no longer */
  "DELETE /v1/oauth/grants/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Register an OAuth client of your account */
  "POST /v1/oauth/clients": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      redirect_uris?: Array<string>;
      client_name?: string;
      client_uri?: string;
      token_endpoint_auth_method?: string;
      grant_types?: Array<string>;
      response_types?: Array<string>;
      scope?: string;
      jwks?: {
        keys: Array<{
          kty: "EC" | "OKP" | "RSA";
          kid?: string;
          n?: string;
          x5c?: Array<string>;
        }>;
      };
      jwks_uri?: unknown;
      tls_client_auth_subject_dn?: string;
      dpop_bound_access_tokens?: boolean;
    };
    answer: {
      client_id: string;
    };
  };
  /** List your account's OAuth clients, newest first */
  "GET /v1/oauth/clients": {
    path: Record<never, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        name: string;
        principalId: string;
        redirectUris: Array<string>;
        grantTypes: Array<
          | "authorization_code"
          | "refresh_token"
          | "client_credentials"
          | "urn:ietf:params:oauth:grant-type:device_code"
          | "urn:ietf:params:oauth:grant-type:token-exchange"
        >;
        scopes: Array<
          | "search"
          | "units:read"
          | "units:write"
          | "agents"
          | "tasks"
          | "inference"
          | "events"
          | "keys"
          | "audit"
          | "admin"
          | "scim"
        >;
        authMethod:
          | "none"
          | "client_secret_basic"
          | "client_secret_post"
          | "private_key_jwt"
          | "tls_client_auth"
          | "self_signed_tls_client_auth";
        createdAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Revoke an OAuth client and every token it has */
  "DELETE /v1/oauth/clients/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** List the keys that access tokens are believed by, newest first */
  "GET /v1/oauth/signing-keys": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        kid: string;
        algorithm: string;
        signsFrom: string;
      }>;
    };
  };
  /** Sign with a new key from now on */
  "POST /v1/oauth/signing-keys": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      kid: string;
      algorithm: string;
      signsFrom: string;
    };
  };
  /** Believe a signing key no longer, and none of its tokens */
  "DELETE /v1/oauth/signing-keys/{kid}": {
    path: { kid: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Read your account's audit log, newest first */
  "GET /v1/audit": {
    path: Record<never, never>;
    query: {
      limit?: number;
      cursor?: string;
      action?: string;
      phase?: "intent" | "outcome" | "refused" | "noted";
      actor?: string;
      resource?: string;
      from?: string;
      to?: string;
    };
    body: undefined;
    answer: {
      items: Array<{
        seq: number;
        at: string;
        phase: "intent" | "outcome" | "refused" | "noted";
        action: string;
        actor: {
          id: string;
          credential?: string;
        };
        resource: {
          type: string;
          id?: string;
        };
        request?: string;
        of?: number;
        status?: number;
        code?: string;
        detail?: Record<string, string | number | boolean | Array<string>>;
        prev: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Verify your account's audit log */
  "GET /v1/audit/verify": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      valid: boolean;
      entries: number;
      head: {
        size: number;
        root: string;
      };
      wrong: {
        seq: number;
        reason: "changed" | "missing" | "reordered" | "truncated" | "unsigned";
      } | null;
    };
  };
  /** Export your account's audit log as NDJSON, oldest first */
  "GET /v1/audit/export": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** List the newest published heads of your account's audit log */
  "GET /v1/audit/checkpoints": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        size: number;
        root: string;
        at: string;
        note: string;
      }>;
      publicKey: string;
      verifierKey: string;
    };
  };
  /** Prove that one head of your audit log continues another */
  "GET /v1/audit/consistency": {
    path: Record<never, never>;
    query: { from: number; to: number };
    body: undefined;
    answer: {
      proof: Array<string>;
    };
  };
  /** Read an entry of your audit log with its proof */
  "GET /v1/audit/{seq}": {
    path: { seq: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      entry: {
        seq: number;
        at: string;
        phase: "intent" | "outcome" | "refused" | "noted";
        action: string;
        actor: {
          id: string;
          credential?: string;
        };
        resource: {
          type: string;
          id?: string;
        };
        request?: string;
        of?: number;
        status?: number;
        code?: string;
        detail?: Record<string, string | number | boolean | Array<string>>;
        prev: string;
      };
      text: string;
      leaf: string;
      proof: Array<string>;
      head: {
        size: number;
        root: string;
      };
      note: string;
    };
  };
  /** Wrap data keys anew after a rotation of the key ring */
  "POST /v1/data-keys/rewrap": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      rewrapped: number;
      left: number;
      lost: number;
    };
  };
  /** List traces of your account's requests, newest first */
  "GET /v1/traces": {
    path: Record<never, never>;
    query: {
      limit?: number;
      cursor?: string;
      of?: "account" | "platform";
      from?: string;
      to?: string;
      minDurationMs?: number;
      error?: "true" | "false";
      name?: string;
    };
    body: undefined;
    answer: {
      items: Array<{
        traceId: string;
        name: string;
        startedAt: string;
        durationMs: number;
        error: boolean;
        spans: number;
      }>;
      nextCursor: string | null;
    };
  };
  /** Read a trace as a tree of spans with their durations */
  "GET /v1/traces/{traceId}": {
    path: { traceId: string };
    query: { of?: "account" | "platform" };
    body: undefined;
    answer: {
      traceId: string;
      startedAt: string;
      durationMs: number;
      error: boolean;
      spans: Array<{
        spanId: string;
        parentSpanId: string | null;
        depth: number;
        name: string;
        kind: "internal" | "server" | "client" | "producer" | "consumer";
        service: string;
        startedAt: string;
        offsetMs: number;
        durationMs: number;
        error: boolean;
        attributes: Record<string, string | number | boolean>;
      }>;
      logs: Array<{
        timestamp: string;
        level: "debug" | "info" | "warn" | "error" | "fatal";
        service: string;
        traceId: string | null;
        spanId: string | null;
        message: string;
        data: Record<string, unknown>;
      }>;
    };
  };
  /** Search your account's log, newest first */
  "GET /v1/logs": {
    path: Record<never, never>;
    query: {
      limit?: number;
      cursor?: string;
      of?: "account" | "platform";
      level?: "debug" | "info" | "warn" | "error" | "fatal";
      service?: string;
      traceId?: string;
      q?: string;
      from?: string;
      to?: string;
    };
    body: undefined;
    answer: {
      items: Array<{
        timestamp: string;
        level: "debug" | "info" | "warn" | "error" | "fatal";
        service: string;
        traceId: string | null;
        spanId: string | null;
        message: string;
        data: Record<string, unknown>;
      }>;
      nextCursor: string | null;
    };
  };
  /** Export your account's log as NDJSON, newest first */
  "GET /v1/logs/export": {
    path: Record<never, never>;
    query: {
      of?: "account" | "platform";
      level?: "debug" | "info" | "warn" | "error" | "fatal";
      service?: string;
      traceId?: string;
      q?: string;
      from?: string;
      to?: string;
    };
    body: undefined;
    answer: undefined;
  };
  /** List alerts, newest first: what is pending, fires, or is over */
  "GET /v1/alerts": {
    path: Record<never, never>;
    query: { limit?: number; cursor?: string; state?: "pending" | "firing" | "resolved" };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        rule: string;
        signal:
          | "system.cpu"
          | "system.memory"
          | "system.disk"
          | "api.p99"
          | "api.errors"
          | "agent.p95"
          | "agent.failures"
          | "db.pool"
          | "db.p95"
          | "queue.backlog"
          | "queue.delay"
          | "slo.burn-1h"
          | "slo.burn-6h"
          | "slo.burn-3d";
        severity: "info" | "warning" | "critical";
        state: "pending" | "firing" | "resolved";
        labels: Record<string, string>;
        above: number;
        value: number;
        summary: string;
        silenced: boolean;
        since: string;
        firedAt: string | null;
        resolvedAt: string | null;
      }>;
      nextCursor: string | null;
    };
  };
  /** List the rules that alerts come from */
  "GET /v1/alerts/rules": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        signal:
          | "system.cpu"
          | "system.memory"
          | "system.disk"
          | "api.p99"
          | "api.errors"
          | "agent.p95"
          | "agent.failures"
          | "db.pool"
          | "db.p95"
          | "queue.backlog"
          | "queue.delay"
          | "slo.burn-1h"
          | "slo.burn-6h"
          | "slo.burn-3d";
        unit: string;
        above: number;
        forSeconds: number;
        severity: "info" | "warning" | "critical";
        enabled: boolean;
        labels: Record<string, string>;
        description: string;
        origin: "default" | "changed" | "own";
      }>;
      nextCursor: string | null;
    };
  };
  /** Show a rule */
  "GET /v1/alerts/rules/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      signal:
        | "system.cpu"
        | "system.memory"
        | "system.disk"
        | "api.p99"
        | "api.errors"
        | "agent.p95"
        | "agent.failures"
        | "db.pool"
        | "db.p95"
        | "queue.backlog"
        | "queue.delay"
        | "slo.burn-1h"
        | "slo.burn-6h"
        | "slo.burn-3d";
      unit: string;
      above: number;
      forSeconds: number;
      severity: "info" | "warning" | "critical";
      enabled: boolean;
      labels: Record<string, string>;
      description: string;
      origin: "default" | "changed" | "own";
    };
  };
  /** Set a rule: one of the product's otherwise, or one of your own */
  "PUT /v1/alerts/rules/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      signal:
        | "system.cpu"
        | "system.memory"
        | "system.disk"
        | "api.p99"
        | "api.errors"
        | "agent.p95"
        | "agent.failures"
        | "db.pool"
        | "db.p95"
        | "queue.backlog"
        | "queue.delay"
        | "slo.burn-1h"
        | "slo.burn-6h"
        | "slo.burn-3d";
      above: number;
      forSeconds?: number;
      severity?: "info" | "warning" | "critical";
      enabled?: boolean;
      labels?: Record<string, string>;
      description?: string;
    };
    answer: {
      id: string;
      signal:
        | "system.cpu"
        | "system.memory"
        | "system.disk"
        | "api.p99"
        | "api.errors"
        | "agent.p95"
        | "agent.failures"
        | "db.pool"
        | "db.p95"
        | "queue.backlog"
        | "queue.delay"
        | "slo.burn-1h"
        | "slo.burn-6h"
        | "slo.burn-3d";
      unit: string;
      above: number;
      forSeconds: number;
      severity: "info" | "warning" | "critical";
      enabled: boolean;
      labels: Record<string, string>;
      description: string;
      origin: "default" | "changed" | "own";
    };
  };
  /** Take a rule of your own away, or put one of the product's back */
  "DELETE /v1/alerts/rules/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Show what is promised, how it is kept, and how much may still go wrong */
  "GET /v1/slos": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        id: "reads" | "inference" | "search-index" | "units" | "monitoring" | "identity";
        description: string;
        objective: number;
        windowDays: number;
        requests: number;
        errors: number;
        budgetLeft: number;
        burn: {
          "1h": number;
          "6h": number;
          "3d": number;
        };
      }>;
      nextCursor: string | null;
    };
  };
  /** List where your alerts are told */
  "GET /v1/alerts/routes": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        kind: "email" | "push" | "channel" | "webhook" | "pagerduty" | "opsgenie";
        url: string | null;
        severities: Array<"info" | "warning" | "critical">;
        rules: Array<string>;
        telling: {
          waiting: number;
          givenUp: number;
          lastFailure: {
            reason: string;
            at: string;
          } | null;
        };
        createdAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Have alerts told: by mail, in your browsers, on a channel, to a webhook, PagerDuty or Opsgenie */
  "POST /v1/alerts/routes": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      target:
        | {
            kind: "email";
            to: string;
          }
        | {
            kind: "push";
          }
        | {
            kind: "channel";
            conversationId: string;
          }
        | {
            kind: "webhook";
            url: string;
            secret?: string;
          }
        | {
            kind: "pagerduty";
            routingKey: string;
            url?: string;
          }
        | {
            kind: "opsgenie";
            apiKey: string;
            url?: string;
          };
      severities?: Array<"info" | "warning" | "critical">;
      rules?: Array<string>;
    };
    answer: {
      id: string;
      kind: "email" | "push" | "channel" | "webhook" | "pagerduty" | "opsgenie";
      url: string | null;
      severities: Array<"info" | "warning" | "critical">;
      rules: Array<string>;
      telling: {
        waiting: number;
        givenUp: number;
        lastFailure: {
          reason: string;
          at: string;
        } | null;
      };
      createdAt: string;
      secret?: string;
    };
  };
  /** Tell alerts there no more */
  "DELETE /v1/alerts/routes/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Tell a route of an alert that is none, to see that it arrives */
  "POST /v1/alerts/routes/{id}/test": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
    };
  };
  /** List silences that are in force or still to come */
  "GET /v1/alerts/silences": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        rule: string | null;
        labels: Record<string, string>;
        from: string;
        until: string;
        reason: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Have nobody told of some alerts for a while */
  "POST /v1/alerts/silences": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      rule?: string;
      labels?: Record<string, string>;
      from?: string;
      until: string;
      reason: string;
    };
    answer: {
      id: string;
      rule: string | null;
      labels: Record<string, string>;
      from: string;
      until: string;
      reason: string;
    };
  };
  /** End a silence */
  "DELETE /v1/alerts/silences/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** List mails and pushes that wait, or that were given up, oldest first */
  "GET /v1/notifications": {
    path: Record<never, never>;
    query: { limit?: number; cursor?: string; state?: "waiting" | "dead" };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        kind: "email" | "push";
        state: "waiting" | "dead";
        subject: string;
        text: string;
        attempts: number;
        reason: string | null;
        createdAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Send the oldest 100 mails and pushes again that were given up */
  "POST /v1/notifications/redrive": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      redriven: number;
    };
  };
  /** Show the key that a browser subscribes to notifications with (VAPID) */
  "GET /v1/push/key": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      publicKey: string;
    };
  };
  /** Have your notifications shown by a browser */
  "POST /v1/push/subscriptions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      endpoint: string;
      expirationTime?: number | null;
      keys: {
        p256dh: string;
        auth: string;
      };
    };
    answer: {
      id: string;
      service: string;
      createdAt: string;
    };
  };
  /** List the browsers that show your notifications */
  "GET /v1/push/subscriptions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        service: string;
        createdAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  /** Show your notifications in a browser no more */
  "DELETE /v1/push/subscriptions/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Erase a member: everything that is theirs, in every store, for good */
  "POST /v1/members/{id}/erase": {
    path: { id: string };
    query: Record<never, never>;
    body: {
      units: "keep" | "erase";
    };
    answer: {
      id: string;
      status: "running" | "done";
      subject: string;
      units: "keep" | "erase";
      startedAt: string;
      finishedAt: string | null;
      certificate: {
        id: string;
        accountId: string;
        subject: string;
        askedBy: string;
        units: "keep" | "erase";
        startedAt: string;
        finishedAt: string;
        stores: Array<{
          store: string;
          removed: number;
          left: number;
          note: string;
        }>;
        remains: Array<string>;
        signature: {
          algorithm: "Ed25519";
          publicKey: string;
          value: string;
        };
      } | null;
    };
  };
  /** List your account's erasures, newest first */
  "GET /v1/erasures": {
    path: Record<never, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        status: "running" | "done";
        subject: string;
        units: "keep" | "erase";
        startedAt: string;
        finishedAt: string | null;
        certificate: {
          id: string;
          accountId: string;
          subject: string;
          askedBy: string;
          units: "keep" | "erase";
          startedAt: string;
          finishedAt: string;
          stores: Array<{
            store: string;
            removed: number;
            left: number;
            note: string;
          }>;
          remains: Array<string>;
          signature: {
            algorithm: "Ed25519";
            publicKey: string;
            value: string;
          };
        } | null;
      }>;
      nextCursor: string | null;
    };
  };
  /** Read an erasure with its certificate */
  "GET /v1/erasures/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      id: string;
      status: "running" | "done";
      subject: string;
      units: "keep" | "erase";
      startedAt: string;
      finishedAt: string | null;
      certificate: {
        id: string;
        accountId: string;
        subject: string;
        askedBy: string;
        units: "keep" | "erase";
        startedAt: string;
        finishedAt: string;
        stores: Array<{
          store: string;
          removed: number;
          left: number;
          note: string;
        }>;
        remains: Array<string>;
        signature: {
          algorithm: "Ed25519";
          publicKey: string;
          value: string;
        };
      } | null;
    };
  };
  /** Export everything that is kept of your account, as one archive */
  "GET /v1/account/export": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Export everything that is kept of you, as one archive */
  "GET /v1/people/me/export": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Take announcements of heavy jobs (Cloudflare's HTTP pull API) */
  "POST /jobs/queue/messages/pull": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      batch_size?: number;
      visibility_timeout_ms?: number;
    };
    answer: {
      success: true;
      errors: Array<unknown>;
      messages: Array<unknown>;
      result: {
        message_backlog_count: number;
        messages: Array<Record<string, unknown>>;
      };
    };
  };
  /** Be done with announcements of heavy jobs, or give them back (Cloudflare's HTTP pull API) */
  "POST /jobs/queue/messages/ack": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      acks?: Array<{
        lease_id: string;
      }>;
      retries?: Array<{
        lease_id: string;
        delay_seconds?: number;
      }>;
    };
    answer: {
      success: true;
      errors: Array<unknown>;
      messages: Array<unknown>;
      result: {
        ackCount: number;
        retryCount: number;
        warnings: Array<string>;
      };
    };
  };
  /** Take the next heavy job, with the secret of a wake-up */
  "POST /jobs/claim": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      kinds: Array<
        | "embed.batch"
        | "knn"
        | "kmeans"
        | "near-duplicates"
        | "graph"
        | "reembed"
        | "rerank"
        | "ocr"
      >;
      leaseMs: number;
    };
    answer: {
      job: {
        id: string;
        kind:
          | "embed.batch"
          | "knn"
          | "kmeans"
          | "near-duplicates"
          | "graph"
          | "reembed"
          | "rerank"
          | "ocr";
        input: unknown;
        attempts: number;
        leaseMs: number;
        ticket: string;
        traceparent?: string;
      } | null;
    };
  };
  /** Keep a heavy job longer, and say how far it is */
  "POST /jobs/heartbeat": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      leaseMs: number;
      progress?: number;
    };
    answer: {
      leasedUntil: string;
      ticket: string;
    };
  };
  /** Say what a heavy job came to */
  "POST /jobs/complete": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      result: unknown;
      spans?: Array<{
        spanId: string;
        parentId: string;
        name: string;
        startMs: number;
        endMs: number;
        isError: boolean;
      }>;
    };
    answer: {
      state: string;
    };
  };
  /** Give a heavy job back that could not be done */
  "POST /jobs/fail": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      spans?: Array<{
        spanId: string;
        parentId: string;
        name: string;
        startMs: number;
        endMs: number;
        isError: boolean;
      }>;
      reason: string;
      final?: boolean;
      delayMs?: number;
    };
    answer: {
      state: string;
    };
  };
  /** Read the collection that a heavy job is about, page by page */
  "GET /jobs/source": {
    path: Record<never, never>;
    query: { after?: string };
    body: undefined;
    answer: {
      space: string;
      dimensions: number;
      units: Array<{
        unitId: string;
        version: number;
        vector?: string;
        text?: string;
      }>;
      next: string | null;
    };
  };
  /** A2A, the platform: JSON-RPC */
  "POST /a2a": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: unknown;
    answer: undefined;
  };
  /** A2A, the platform: send a message, `message:send` or `message:stream` */
  "POST /a2a/rest/{call}": {
    path: { call: "message:send" | "message:stream" };
    query: Record<never, never>;
    body: unknown;
    answer: undefined;
  };
  /** A2A, the platform: list your tasks */
  "GET /a2a/rest/tasks": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** A2A, the platform: read a task, or `:subscribe` to it */
  "GET /a2a/rest/tasks/{task}": {
    path: { task: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** A2A, the platform: `:cancel` a task, or `:subscribe` to it */
  "POST /a2a/rest/tasks/{task}": {
    path: { task: string };
    query: Record<never, never>;
    body: unknown;
    answer: undefined;
  };
  /** A2A, the platform: be told of a task */
  "POST /a2a/rest/tasks/{task}/pushNotificationConfigs": {
    path: { task: string };
    query: Record<never, never>;
    body: unknown;
    answer: undefined;
  };
  /** A2A, the platform: who is told of a task */
  "GET /a2a/rest/tasks/{task}/pushNotificationConfigs": {
    path: { task: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** A2A, the platform: one who is told of a task */
  "GET /a2a/rest/tasks/{task}/pushNotificationConfigs/{config}": {
    path: { task: string; config: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** A2A, the platform: tell one no more */
  "DELETE /a2a/rest/tasks/{task}/pushNotificationConfigs/{config}": {
    path: { task: string; config: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** A2A, the platform: the extended card */
  "GET /a2a/rest/extendedAgentCard": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** The Model Context Protocol, revisions 2026-07-28 and 2025-11-25 */
  "POST /mcp": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: unknown;
    answer: undefined;
  };
  /** The console */
  "GET /": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** The API explorer */
  "GET /docs": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Every failure there is, by code */
  "GET /docs/problems": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** A file of a page */
  "GET /assets/{page}/{file}": {
    path: { page: "web" | "docs"; file: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** This document */
  "GET /openapi.json": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
};
