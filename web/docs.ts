type Reference = {
  createApiReference(selector: string, configuration: Record<string, unknown>): unknown;
};
declare const Scalar: Reference;

// Everything comes from this server: no fonts, no proxy, no account, nothing reported anywhere.
Scalar.createApiReference("#reference", {
  url: "/openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true, hideAddApi: true },
  mcp: { disabled: true },
  documentDownloadType: "direct",
  theme: "default",
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  persistAuth: false,
  metaData: { title: "WisHub API" },
});
