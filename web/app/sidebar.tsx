import {
  BookOpenIcon,
  CircleHalfIcon,
  MagnifyingGlassIcon,
  MoonIcon,
  SignOutIcon,
  SunIcon,
} from "@phosphor-icons/react";
import { Link, useNavigate } from "@tanstack/react-router";
import { Brand } from "#web/app/brand.tsx";
import { BASE } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { LanguageChoice } from "#web/app/language-choice.tsx";
import { shell } from "#web/app/messages.ts";
import { NAVIGATION, type Screen } from "#web/app/navigation.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { signOut } from "#web/app/session.ts";
import { MODIFIER, useShortcut } from "#web/app/shortcuts.ts";
import { chooseTheme, nextTheme, useTheme } from "#web/app/theme.ts";
import { Skeleton } from "#web/ui/states.tsx";

type Props = { isOpen: boolean; openPalette(): void };

/** The screens that the server offers to this person; on a small screen only while its menu is open. */
export function Sidebar({ isOpen, openPalette }: Props) {
  const t = useMessages(shell);
  const { isKnown, may } = usePermissions();
  const groups = NAVIGATION.map(({ label, screens }) => ({
    label,
    screens: screens.filter(({ needs }) => may(needs)),
  })).filter(({ screens }) => screens.length > 0);
  return (
    <aside
      aria-label={t("menu")}
      className={`${isOpen ? "" : "max-md:hidden"} flex flex-col gap-4 border-kumo-line bg-kumo-recessed px-3 py-4 max-md:border-b md:sticky md:top-0 md:h-dvh md:overflow-y-auto md:border-e`}
    >
      <div className="px-2 max-md:hidden">
        <Brand />
      </div>
      <button
        type="button"
        onClick={openPalette}
        className="flex items-center gap-2 rounded-lg border border-kumo-line bg-kumo-base px-2.5 py-1.5 text-start text-kumo-subtle hover:border-kumo-interact max-md:hidden"
      >
        <MagnifyingGlassIcon size={15} />
        <span className="grow truncate">{t("jump")}</span>
        <kbd aria-hidden="true">{MODIFIER} K</kbd>
      </button>
      <nav aria-label={t("navigation")} className="grid gap-4">
        {!isKnown && <Skeleton lines={4} />}
        {groups.map(({ label, screens }) => (
          <div key={label}>
            <h2 className="mb-1 px-2 text-xs font-medium text-kumo-subtle">{t(label)}</h2>
            <ul className="grid gap-0.5">
              {screens.map((screen) => (
                <NavigationItem key={screen.label} screen={screen} />
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <Foot />
    </aside>
  );
}

const ITEM =
  "flex w-full items-center gap-2.5 rounded-md px-2 py-1 text-start text-kumo-strong hover:bg-kumo-tint hover:text-kumo-default";

function NavigationItem({ screen: { to, label, icon: Icon, keys } }: { screen: Screen }) {
  const t = useMessages(shell);
  const navigate = useNavigate();
  useShortcut({ keys, label: t(label), act: () => void navigate({ to }) });
  return (
    <li>
      <Link
        to={to}
        activeOptions={{ exact: to === "/", includeSearch: false }}
        className={ITEM}
        activeProps={{ className: "bg-kumo-fill font-medium text-kumo-default!" }}
      >
        <Icon size={17} aria-hidden="true" />
        {t(label)}
      </Link>
    </li>
  );
}

const THEME_ICONS = { auto: CircleHalfIcon, light: SunIcon, dark: MoonIcon };

function Foot() {
  const t = useMessages(shell);
  const theme = useTheme();
  const ThemeIcon = THEME_ICONS[theme];
  return (
    <div className="mt-auto grid gap-0.5 border-t border-kumo-line pt-3">
      <a href={`${BASE}docs`} className={ITEM}>
        <BookOpenIcon size={17} aria-hidden="true" />
        {t("docs")}
      </a>
      <button type="button" className={ITEM} onClick={() => chooseTheme(nextTheme())}>
        <ThemeIcon size={17} aria-hidden="true" />
        {t(`theme${theme}`)}
      </button>
      <LanguageChoice />
      <button type="button" className={ITEM} onClick={() => void signOut()}>
        <SignOutIcon size={17} aria-hidden="true" />
        {t("signOut")}
      </button>
    </div>
  );
}
