/** As much of a browser as a sign-in needs: it keeps cookies by origin and path and does not follow by itself. */
export function browser() {
  const jar: { origin: string; path: string; name: string; value: string }[] = [];

  function cookiesFor(url: URL): string {
    return jar
      .filter(({ origin, path }) => origin === url.origin && url.pathname.startsWith(path))
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  }

  function keep(url: URL, header: string): void {
    const [pair = "", ...attributes] = header.split(";").map((part) => part.trim());
    const at = pair.indexOf("=");
    const named = (name: string) =>
      attributes.find((each) => each.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
    const one = {
      origin: url.origin,
      path: named("path") ?? "/",
      name: pair.slice(0, at),
      value: pair.slice(at + 1),
    };
    const same = jar.findIndex(
      ({ origin, path, name }) => origin === one.origin && path === one.path && name === one.name,
    );
    if (same >= 0) jar.splice(same, 1);
    const past = Date.parse(named("expires") ?? "") < Date.now();
    if (named("max-age") !== "0" && !past && one.value !== "") jar.push(one);
  }

  async function ask(
    to: string,
    form?: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const url = new URL(to);
    const response = await fetch(url, {
      redirect: "manual",
      headers: { ...headers, cookie: cookiesFor(url) },
      ...(form !== undefined && { method: "POST", body: new URLSearchParams(form) }),
    });
    for (const header of response.headers.getSetCookie()) keep(url, header);
    return response;
  }

  return {
    jar,
    ask,
    /** Goes where it is sent until a page answers, or an address that `until` knows. */
    async follow(
      to: string,
      until: (url: string) => boolean = () => false,
    ): Promise<{ url: string; response: Response }> {
      let url = to;
      for (let hops = 0; hops < 20; hops++) {
        const response = await ask(url);
        const location = response.headers.get("location");
        if (location === null) return { url, response };
        url = new URL(location, url).href;
        if (until(url)) return { url, response };
      }
      throw new Error(`it is sent on without end, last to ${url}`);
    },
  };
}
