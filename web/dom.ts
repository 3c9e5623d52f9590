type Child = Node | string | undefined | false;
type Attributes = Record<string, string | boolean | undefined | ((event: Event) => void)>;

/**
 * An element with attributes, listeners (`onclick`) and children. Strings become text nodes, so whatever a unit
 * says is shown and never interpreted.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) element.setAttribute(name, "");
    else if (typeof value === "string") element.setAttribute(name, value);
  }
  fill(element, ...children);
  return element;
}

export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== undefined && child !== false));
}

const SVG = "http://www.w3.org/2000/svg";

export function mark(): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({
    viewBox: "0 0 32 32",
    class: "mark",
    "aria-hidden": "true",
  }))
    svg.setAttribute(name, value);
  const add = (tag: string, attributes: Record<string, string>) => {
    const shape = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    svg.append(shape);
  };
  add("circle", { cx: "16", cy: "16", r: "4.4", class: "core" });
  for (const angle of ["32", "-32"])
    add("ellipse", {
      cx: "16",
      cy: "16",
      rx: "13",
      ry: "5.6",
      transform: `rotate(${angle} 16 16)`,
    });
  return svg;
}
