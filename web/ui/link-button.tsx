import type { Icon } from "@phosphor-icons/react";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

type Props = Pick<LinkProps, "to" | "search"> & { icon: Icon; children: ReactNode };

/** A link to where something is begun. */
export function LinkButton({ to, search, icon: Icon, children }: Props) {
  return (
    <Link
      to={to}
      {...(search !== undefined && { search })}
      className="inline-flex h-9 items-center gap-1.5 rounded-lg bg-kumo-brand px-3 font-medium text-white hover:bg-kumo-brand-hover"
    >
      <Icon size={16} aria-hidden="true" />
      {children}
    </Link>
  );
}
