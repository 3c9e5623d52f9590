import { defaultRangeExtractor, useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Card } from "#web/ui/page.tsx";

type Props<T> = {
  items: readonly T[];
  keyOf(item: T): string;
  /** About how high a row is, in pixels; each is measured. */
  rowHeight?: number;
  row(item: T): ReactNode;
  /** Asked for more when the end comes near; absent where there is no more. */
  more?: (() => void) | undefined;
  label: string;
};

const NEAR_END = 10;

/**
 * A list of any length: only the rows in sight are in the page, and the one that last had the focus. What it asks in
 * front of the screen, and what is typed there, stays while others come or it is scrolled away.
 */
export function LongList<T>({ items, keyOf, rowHeight = 56, row, more, label }: Props<T>) {
  const place = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  const [heldKey, setHeldKey] = useState<string | null>(null);
  const held = useMemo(
    () => (heldKey === null ? -1 : items.findIndex((item) => keyOf(item) === heldKey)),
    [heldKey, items, keyOf],
  );
  // What stands above it may grow at any time.
  useLayoutEffect(() => {
    const look = () => {
      const box = place.current?.getBoundingClientRect();
      if (box !== undefined) setTop(Math.round(box.top + window.scrollY));
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const list = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollMargin: top,
    rangeExtractor: (range) => {
      const inSight = defaultRangeExtractor(range);
      const isAway = held !== -1 && !inSight.includes(held);
      return isAway ? [...inSight, held].sort((one, other) => one - other) : inSight;
    },
    getItemKey: (at) => {
      const item = items[at];
      return item === undefined ? at : keyOf(item);
    },
  });
  const shown = list.getVirtualItems();
  const last = shown.findLast(({ index }) => index !== held)?.index ?? 0;
  useEffect(() => {
    if (last >= items.length - NEAR_END) more?.();
  }, [last, items.length, more]);
  return (
    <Card>
      <ul
        ref={place}
        aria-label={label}
        className="relative"
        style={{ blockSize: list.getTotalSize() }}
      >
        {shown.map(({ key, index, start }) => {
          const item = items[index];
          return (
            <li
              key={key}
              data-index={index}
              ref={list.measureElement}
              // React tells it of the focus in its dialogs too, wherever they are drawn.
              onFocus={() => item !== undefined && setHeldKey(keyOf(item))}
              className="absolute inset-x-0 top-0 border-b border-kumo-line px-4 py-2.5 last:border-0"
              style={{ transform: `translateY(${start - top}px)` }}
            >
              {item !== undefined && row(item)}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
