import { useEffect } from "react";
import { Brand } from "#web/app/brand.tsx";
import { useMessages } from "#web/app/language.ts";
import { LanguageChoice } from "#web/app/language-choice.tsx";
import { leaveLink, useLink } from "#web/app/links.ts";
import { next, onward } from "#web/app/onward.ts";
import { useFactorWanted, useSignedIn, wantFactor } from "#web/app/session.ts";
import { LinkCard } from "#web/screens/sign-in/link.tsx";
import { signIn } from "#web/screens/sign-in/messages.ts";
import { Prove } from "#web/screens/sign-in/prove.tsx";
import { SignIn } from "#web/screens/sign-in/sign-in.tsx";

/** What stands before the console: signing in, the link of a mail, or the second factor that something asks for. */
export default function Entrance() {
  const t = useMessages(signIn);
  const link = useLink();
  const isIn = useSignedIn();
  const isFactorWanted = useFactorWanted();
  const title = t(link !== null ? "linkTitle" : isIn ? "proveTitle" : "signIn");
  useEffect(() => {
    document.title = `WisHub · ${title}`;
  }, [title]);
  const leave = () => {
    leaveLink();
    wantFactor(false);
  };
  const goOn = () => {
    wantFactor(false);
    onward();
  };
  return (
    <div className="flex min-h-dvh flex-col bg-kumo-recessed">
      <header className="flex items-center justify-between px-5 py-3 md:px-8">
        <Brand />
        <LanguageChoice />
      </header>
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto grid w-full max-w-[26rem] grow content-center gap-8 px-4 py-10"
      >
        <div className="text-center">
          <h1 className="text-2xl font-semibold tracking-tight text-balance">{t("tagline")}</h1>
          <p className="mt-3 text-kumo-subtle text-pretty">
            {t(next === null || isIn ? "intro" : "nextIntro")}
          </p>
        </div>
        <div className="place grid">
          {link !== null ? (
            <LinkCard key={link.token} link={link} leave={leave} />
          ) : isIn && isFactorWanted ? (
            <Prove done={goOn} leave={leave} />
          ) : (
            <SignIn done={goOn} />
          )}
        </div>
      </main>
    </div>
  );
}
