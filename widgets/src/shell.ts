/** The frame around the views: title, tabs, notice, help, live line, keys, and the catching of faults. */

import { createAsking, type Desk, type View } from "./desk.ts";
import { button, fill, h } from "./dom.ts";
import { icon } from "./draw/icons.ts";
import { createFocus } from "./focus.ts";
import { type KeyLine, listenKeys } from "./keys.ts";
import { type Link, type Stop, stopAll } from "./link.ts";
import { createModules, type Importer, type ViewModule } from "./modules.ts";
import { isFailed, type Notice, readNotice, readViews, type ViewName } from "./payload.ts";
import { common, inOrder } from "./style/index.ts";

const NAMES: Record<ViewName, string> = {
  graph: "Graph",
  check: "Check",
  adjoint: "Adjoint",
  elimination: "Elimination",
};
const SHELL_KEYS: readonly KeyLine[] = [
  { keys: "1 … 4", does: "open the tab" },
  { keys: "?", does: "show or hide this help" },
  { keys: "Esc", does: "close help; again: back to the notebook" },
];

/** Draw everything into `el`; the returned function takes it all away. */
export function createShell(el: HTMLElement, link: Link, own: readonly ViewModule[], run: Importer): Stop {
  const stops: Stop[] = [];
  const live = h("div", { class: "dl-live", "aria-live": "polite", role: "status" });
  const notices = h("div", { class: "dl-notices" });
  const tabs = h("div", { class: "dl-tabs", role: "tablist", "aria-label": "views" });
  const title = h("div", { class: "dl-title" });
  const stage = h("div", { class: "dl-stage" });
  const help = h("div", { class: "dl-help", hidden: true, role: "dialog", "aria-label": "keys" });
  const helpButton = button("?", "keys (?)", () => toggleHelp(), "dl-button dl-quiet");
  const shell = h(
    "div",
    { class: "dl-shell" },
    h("header", { class: "dl-header" }, title, tabs, helpButton),
    notices,
    stage,
    help,
    live,
  );
  const style = h("style", {});
  const root = h(
    "div",
    {
      class: "dl-root",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "differentiation lab",
      "data-lm-suppress-shortcuts": "true",
    },
    style,
    shell,
  );
  el.append(root);

  const focus = createFocus(link);
  const notify = (level: Notice["level"], text: string) => showNotice({ level, text });
  const asking = createAsking(link, notify);
  stops.push(asking.stop);
  let sheets = common;
  const wear = (module: ViewModule) => {
    sheets = { ...sheets, ...module.sheets };
    style.textContent = inOrder(sheets);
  };
  for (const module of own) wear(module);
  const modules = createModules(
    own,
    link,
    asking.ask,
    run,
    (module) => {
      wear(module);
      if (panels.has(module.name)) render(module.name);
    },
    (name, words) => panels.has(name) && fill(panels.get(name) ?? stage, failure(words)),
  );
  stops.push(modules.stop);

  const panels = new Map<ViewName, HTMLElement>();
  const views = new Map<ViewName, View>();
  let open: ViewName | null = null;

  function showNotice(notice: Notice | null): void {
    if (!notice) return fill(notices);
    const close = button(icon("close"), "dismiss", () => fill(notices), "dl-button dl-quiet");
    const sign = { info: "i", warning: "!", error: "✗" }[notice.level];
    fill(
      notices,
      h(
        "div",
        { class: `dl-notice dl-${notice.level}`, role: notice.level === "error" ? "alert" : "status" },
        h("span", { class: "dl-sign", "aria-hidden": "true" }, sign),
        h("pre", {}, notice.text),
        close,
      ),
    );
  }

  function desk(name: ViewName): Desk {
    return {
      link,
      focus,
      notify,
      ask: asking.ask,
      say: (text) => fill(live, text),
      views: readViews(link.get("views")),
      open: (view) => readViews(link.get("views")).includes(view) && focus.update({ view }),
      guard:
        (act) =>
        (...args) => {
          try {
            return act(...args);
          } catch (fault) {
            fail(name, fault);
            return undefined;
          }
        },
    };
  }

  /** Show a fault in its own tab; the others stay usable. */
  function fail(name: ViewName, fault: unknown): void {
    console.error(fault);
    views.get(name)?.stop();
    views.delete(name);
    const words = fault instanceof Error ? `${fault.name}: ${fault.message}` : String(fault);
    fill(panels.get(name) ?? stage, failure(`This view could not be drawn.\n\n${words}`));
  }

  function render(name: ViewName): void {
    const panel = panels.get(name);
    if (!panel) return;
    const section = link.get(name);
    const view = views.get(name);
    try {
      if (view && section && !isFailed(section)) return view.refresh(section);
      view?.stop();
      views.delete(name);
      if (isFailed(section)) return fill(panel, failure(section.failed));
      if (!section) return fill(panel, h("div", { class: "dl-empty" }, "Nothing to show here yet."));
      const module = modules.get(name);
      if (!module) {
        fill(panel, h("div", { class: "dl-empty", role: "status" }, "Loading this view …"));
        return modules.fetch(name);
      }
      const made = module.make(section, desk(name));
      views.set(name, made);
      fill(panel, made.element);
      made.shown();
    } catch (fault) {
      fail(name, fault);
    }
  }

  function show(name: ViewName | null): void {
    if (!name) return;
    open = name;
    for (const [other, panel] of panels) panel.hidden = other !== name;
    for (const tab of tabs.querySelectorAll<HTMLElement>("[role=tab]")) {
      const selected = tab.dataset.view === name;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
    }
    if (!views.has(name)) render(name);
    else desk(name).guard(() => views.get(name)?.shown())();
  }

  function build(): void {
    for (const view of views.values()) view.stop();
    views.clear();
    panels.clear();
    const names = readViews(link.get("views")).filter((name) => link.get(name) != null);
    fill(stage);
    for (const name of names) {
      const attributes = names.length > 1 ? { role: "tabpanel", "aria-label": NAMES[name] } : {};
      const panel = h("div", { class: `dl-panel dl-panel-${name}`, hidden: true, ...attributes });
      panels.set(name, panel);
      stage.append(panel);
    }
    fill(
      tabs,
      ...names.map((name) => {
        const tab = h("button", { type: "button", role: "tab", class: "dl-tab", "data-view": name }, NAMES[name]);
        tab.addEventListener("click", () => focus.update({ view: name }));
        if (isFailed(link.get(name))) tab.append(h("span", { class: "dl-tab-sign", title: "could not be made" }, "!"));
        return tab;
      }),
    );
    tabs.hidden = names.length < 2;
    if (names.length === 0) fill(stage, h("div", { class: "dl-empty" }, "Nothing to show."));
    open = null;
    follow();
    modules.prefetch(names);
  }

  function follow(): void {
    const asked = focus.get().view;
    const name = asked && panels.has(asked) ? asked : (open ?? [...panels.keys()][0] ?? null);
    if (name !== open) show(name);
  }

  function toggleHelp(on = help.hidden): void {
    help.hidden = !on;
    if (!on) return root.focus({ preventScroll: true });
    const view = open ? views.get(open) : undefined;
    const row = ({ keys, does }: KeyLine) =>
      keys === ""
        ? h("h4", { class: "dl-help-part" }, does)
        : h("div", { class: "dl-help-row" }, h("kbd", {}, keys), h("span", {}, does));
    const shut = button(icon("close"), "close (Esc)", () => toggleHelp(false), "dl-button dl-quiet");
    const heading = h("div", { class: "dl-help-head" }, h("strong", {}, open ? `Keys: ${NAMES[open]}` : "Keys"), shut);
    const tabKeys = panels.size > 1 ? SHELL_KEYS : SHELL_KEYS.slice(1);
    fill(help, h("div", { class: "dl-card" }, heading, ...[...(view?.help ?? []), ...tabKeys].map(row)));
  }

  function key(event: KeyboardEvent): boolean {
    if (event.key === "Escape") {
      if (!help.hidden) toggleHelp(false);
      else if (open && desk(open).guard(() => views.get(open as ViewName)?.key(event))()) return true;
      else if (document.activeElement !== root) root.focus({ preventScroll: true });
      else root.blur();
      return true;
    }
    const plain = !(event.ctrlKey || event.metaKey || event.altKey);
    if (plain && event.key === "?") {
      toggleHelp();
      return true;
    }
    const tab = (event.target as Element | null)?.closest?.("[role=tab]");
    const names = [...panels.keys()];
    if (plain && tab && open && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      const turn = event.key === "ArrowRight" ? 1 : -1;
      const next = names[(names.indexOf(open) + turn + names.length) % names.length];
      if (next) focus.update({ view: next });
      tabs.querySelector<HTMLElement>("[aria-selected=true]")?.focus();
      return true;
    }
    const digit = plain && names.length > 1 ? names[Number(event.key) - 1] : undefined;
    if (digit) {
      focus.update({ view: digit });
      return true;
    }
    const view = open ? views.get(open) : undefined;
    return (view && open && desk(open).guard(() => view.key(event))()) ?? false;
  }

  const retitle = () => {
    const words = String(link.get("title") ?? "");
    fill(title, words);
    title.title = words;
    root.setAttribute("aria-label", words || "differentiation lab");
  };
  const resize = () => {
    const height = Number(link.get("height"));
    root.style.setProperty("--dl-height", `${Number.isFinite(height) && height > 0 ? height : 520}px`);
  };
  const notice = () => showNotice(readNotice(link.get("notice")));

  stops.push(listenKeys(root, key));
  stops.push(link.listen("title", retitle), link.listen("height", resize), link.listen("notice", notice));
  stops.push(link.listen("views", build), focus.listen(follow));
  for (const name of Object.keys(NAMES) as ViewName[]) {
    stops.push(
      link.listen(name, () => {
        const known = panels.has(name);
        const wanted = link.get(name) != null && readViews(link.get("views")).includes(name);
        if (known !== wanted) build();
        else if (views.has(name) || name === open) render(name);
      }),
    );
  }
  if (typeof ResizeObserver !== "undefined") {
    const observer = new ResizeObserver(
      () => open && desk(open).guard((name: ViewName) => views.get(name)?.shown())(open),
    );
    observer.observe(stage);
    stops.push(() => observer.disconnect());
  }
  retitle();
  resize();
  build();
  notice();
  return () => {
    stopAll(stops);
    for (const view of views.values()) view.stop();
    root.remove();
  };
}

function failure(text: string): HTMLElement {
  return h(
    "div",
    { class: "dl-failure" },
    h(
      "div",
      { class: "dl-failure-head" },
      h("span", { class: "dl-sign", "aria-hidden": "true" }, "!"),
      "Could not be done for this function",
    ),
    h("pre", {}, text),
  );
}
