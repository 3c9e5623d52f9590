/** The mark and the name; the link home. */
export function Brand() {
  return (
    <a
      href="#/"
      className="inline-flex items-center gap-2 rounded-md text-base font-semibold tracking-tight text-kumo-default"
    >
      <svg
        viewBox="0 0 32 32"
        className="size-6 fill-none stroke-current stroke-2 text-kumo-link"
        aria-hidden="true"
      >
        <circle cx="16" cy="16" r="4.4" className="fill-current stroke-none" />
        <ellipse cx="16" cy="16" rx="13" ry="5.6" transform="rotate(32 16 16)" />
        <ellipse cx="16" cy="16" rx="13" ry="5.6" transform="rotate(-32 16 16)" />
      </svg>
      WisHub
    </a>
  );
}
