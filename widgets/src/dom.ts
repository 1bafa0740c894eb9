/** HTML elements in one line. Text is always text: nothing here parses markup. */

type Handlers = { [K in keyof HTMLElementEventMap as `on${K}`]?: (event: HTMLElementEventMap[K]) => void };
export type Attributes = Handlers & { readonly [name: string]: unknown };
export type Child = Node | string | null | undefined | false;

/** Make an element; `on…` attributes are listeners, `true`/`false` are present/absent, `value` and `disabled` are properties. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...kept(children));
  return element;
}

/** Put these children in the place of what `element` holds. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...kept(children));
}

/** A push button; `title` is its tooltip and, where the face is only a sign, its name. */
export function button(face: Child, title: string, act: () => void, css = "dl-button"): HTMLButtonElement {
  return h("button", { type: "button", class: css, title, "aria-label": title, onclick: act }, face);
}

function kept(children: Child[]): (Node | string)[] {
  return children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false);
}
