/** Posts a form to the address it is served at, by itself or by its button. Nothing else may run or be sent from it. */
export function postAgainPage(fields: Record<string, string>): Response {
  const nonce = crypto.randomUUID();
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`,
  );
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>WisHub: signing in</title>
<form method="post">${inputs.join("")}<button>Sign in</button></form>
<script nonce="${nonce}">document.forms[0].submit()</script></html>`;
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
  return new Response(page, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy,
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-store",
    },
  });
}

const escaped = (text: string) => text.replaceAll(/[<>&"']/g, (one) => `&#${one.charCodeAt(0)};`);
