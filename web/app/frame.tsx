import { ListIcon, MagnifyingGlassIcon, SignOutIcon, WifiSlashIcon } from "@phosphor-icons/react";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { Brand } from "#web/app/brand.tsx";
import { useReachable } from "#web/app/client.ts";
import { useCommands } from "#web/app/commands.tsx";
import { useMessages } from "#web/app/language.ts";
import { shell } from "#web/app/messages.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { useStillOpen } from "#web/app/session.ts";
import { listenForShortcuts, useShortcut } from "#web/app/shortcuts.ts";
import { Sidebar } from "#web/app/sidebar.tsx";
import { Broken } from "#web/ui/states.tsx";

const Palette = lazy(() => import("#web/app/palette.tsx"));
const ShortcutList = lazy(() => import("#web/app/shortcut-list.tsx"));

/** What stands around every screen. */
export function Frame() {
  const t = useMessages(shell);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [over, setOver] = useState<"palette" | "shortcuts" | null>(null);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const groupsFor = useCommands();
  useEffect(listenForShortcuts, []);
  useShortcut({ keys: "mod k", label: t("shortcutPalette"), act: () => setOver("palette") });
  useShortcut({ keys: "?", label: t("shortcutHelp"), act: () => setOver("shortcuts") });
  useEffect(() => setMenuOpen(false), [path]);
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[14.5rem_minmax(0,1fr)]">
      <SkipLink />
      <header className="flex items-center gap-2 border-b border-kumo-line bg-kumo-recessed px-4 py-2 md:hidden">
        <Brand />
        <span className="grow" />
        <IconButton label={t("jump")} onClick={() => setOver("palette")}>
          <MagnifyingGlassIcon size={20} />
        </IconButton>
        <IconButton
          label={t("menu")}
          isExpanded={isMenuOpen}
          onClick={() => setMenuOpen(!isMenuOpen)}
        >
          <ListIcon size={20} />
        </IconButton>
      </header>
      <Sidebar isOpen={isMenuOpen} openPalette={() => setOver("palette")} />
      <div className="min-w-0">
        <Gone />
        <StillOpen />
        <main
          id="main"
          tabIndex={-1}
          className="mx-auto w-full max-w-[72rem] px-4 pt-6 pb-20 md:px-10 md:pt-9"
        >
          <Inside />
        </main>
      </div>
      <Suspense fallback={null}>
        {over === "palette" && (
          <Palette isOpen setOpen={(isOpen) => !isOpen && setOver(null)} groupsFor={groupsFor} />
        )}
        {over === "shortcuts" && <ShortcutList isOpen close={() => setOver(null)} />}
      </Suspense>
    </div>
  );
}

/** Nothing can be offered while the server does not say what one may do. */
function Inside() {
  const { isKnown, error, again } = usePermissions();
  if (!isKnown && error !== null) return <Broken error={error} reset={again} />;
  return <Outlet />;
}

function SkipLink() {
  const t = useMessages(shell);
  return (
    <a
      href="#main"
      className="absolute start-4 -top-16 z-20 rounded-lg bg-kumo-base px-4 py-2 shadow focus:top-2"
      onClick={(event) => {
        event.preventDefault(); // what stands behind the # is the address of a screen
        document.getElementById("main")?.focus();
      }}
    >
      {t("skip")}
    </a>
  );
}

function Gone() {
  const t = useMessages(shell);
  const isReachable = useReachable();
  return (
    <div role="status">
      {!isReachable && (
        <p className="flex items-center gap-3 border-b border-kumo-line bg-(--warm) px-4 py-2 text-kumo-warning md:px-10">
          <WifiSlashIcon size={18} className="flex-none" />
          {t("gone")}
        </p>
      )}
    </div>
  );
}

function StillOpen() {
  const t = useMessages(shell);
  return (
    <div role="alert">
      {useStillOpen() && (
        <p className="flex items-center gap-3 border-b border-kumo-line bg-(--rose) px-4 py-2 md:px-10">
          <SignOutIcon size={18} className="flex-none text-kumo-danger" />
          {t("stillOpen")}
        </p>
      )}
    </div>
  );
}

type IconButtonProps = {
  label: string;
  onClick(): void;
  isExpanded?: boolean;
  children: React.ReactNode;
};
function IconButton({ label, onClick, isExpanded, children }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      aria-expanded={isExpanded}
      onClick={onClick}
      className="grid size-10 place-items-center rounded-lg text-kumo-strong hover:bg-kumo-tint"
    >
      {children}
    </button>
  );
}
