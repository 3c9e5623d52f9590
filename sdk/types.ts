// Generated from openapi.json by scripts/openapi.ts; do not edit.

/** Each operation's input and its successful JSON answer. */
export type Operations = {
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
      createdAt: string;
      updatedAt: string;
    };
  };
  "GET /v1/units": {
    path: Record<never, never>;
    query: { limit?: number | null; cursor?: string };
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
        createdAt: string;
        updatedAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  "GET /v1/units/{id}": {
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
      createdAt: string;
      updatedAt: string;
    };
  };
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
      createdAt: string;
      updatedAt: string;
    };
  };
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
      createdAt: string;
      updatedAt: string;
    };
  };
  "GET /v1/units/{id}/versions": {
    path: { id: string };
    query: { limit?: number | null; cursor?: string };
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
        createdAt: string;
        updatedAt: string;
      }>;
      nextCursor: string | null;
    };
  };
  "GET /v1/units/{id}/evidence": {
    path: { id: string };
    query: Record<never, never>;
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
  "GET /v1/spaces": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        model: string;
        dimensions: number;
      }>;
    };
  };
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
            terms: Array<{
              term: string;
              idf: number;
              tf: number;
              score: number;
            }>;
          } | null;
          passage: number;
        };
      }>;
      partial: boolean;
      tookMs: number;
    };
  };
  "POST /v1/keys": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      name: string;
      scopes: Array<string>;
      expiresAt?: string;
    };
    answer: {
      id: string;
      apiKey: string;
    };
  };
  "GET /v1/keys": {
    path: Record<never, never>;
    query: { limit?: number | null; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        name: string;
        scopes: Array<string>;
        createdAt: string;
        expiresAt: string | null;
        revokedAt: string | null;
      }>;
      nextCursor: string | null;
    };
  };
  "DELETE /v1/keys/{id}": {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  "POST /v1/sessions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body:
      | {
          apiKey: string;
        }
      | {
          code: string;
        };
    answer: {
      accountId: string;
      expiresAt: string;
    };
  };
  "DELETE /v1/sessions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  "GET /v1/collections": {
    path: Record<never, never>;
    query: { limit?: number | null; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        visibility: string;
        space: string;
        searchable: number;
        pending: number;
      }>;
      nextCursor: string | null;
    };
  };
  "GET /v1/dead-letters": {
    path: Record<never, never>;
    query: { limit?: number | null; cursor?: string };
    body: undefined;
    answer: {
      items: Array<{
        id: string;
        queue: string;
        error: string;
        at: string;
      }>;
      nextCursor: string | null;
    };
  };
  "POST /v1/dead-letters/redrive": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: {
      ids?: Array<string>;
    };
    answer: {
      redriven: number;
    };
  };
};
