/** All scopes and nodes that have been carried so far: who stands where, and what must open to see it. */

import { type Figure, type GraphSection, type Info, type Item, nodeOf, type Scope } from "../payload.ts";

export class Atlas {
  readonly root: string;
  readonly scopes: Record<string, Scope>;
  readonly nodes: Record<string, Info>;
  /** item id → the scope it stands in. */
  private readonly homes = new Map<string, string>();
  /** scope id → the item it opens from. */
  private readonly doors = new Map<string, string>();
  private readonly items = new Map<string, Item>();
  /** A value drawn with others (`i0+14` is i0 … i14) → their one item. */
  private readonly grouped = new Map<string, string>();

  constructor(section: GraphSection) {
    this.root = section.root;
    this.scopes = { ...section.scopes };
    this.nodes = { ...section.nodes };
    for (const scope of Object.values(this.scopes)) this.index(scope);
  }

  add(scope: Scope, nodes: Readonly<Record<string, Info>>): void {
    this.scopes[scope.id] = scope;
    Object.assign(this.nodes, nodes);
    this.index(scope);
  }

  /** Figures of one overlay, of scopes that are here. */
  learn(overlay: string, figures: Readonly<Record<string, readonly Figure[]>>): void {
    for (const [id, column] of Object.entries(figures)) {
      const scope = this.scopes[id];
      if (scope) this.scopes[id] = { ...scope, figures: { ...scope.figures, [overlay]: column } };
    }
  }

  private index(scope: Scope): void {
    for (const item of scope.items) {
      this.homes.set(item.id, scope.id);
      this.items.set(item.id, item);
      for (const inner of item.scopes) this.doors.set(inner, item.id);
      const group = /^(.*[ico])(\d+)\+(\d+)$/.exec(item.id);
      for (let k = 0; group && k <= Number(group[3]); k++)
        this.grouped.set(`${group[1]}${Number(group[2]) + k}`, item.id);
    }
  }

  /** The item that stands for a node: itself, or the group it is drawn in. */
  itemOf(node: string): string {
    return this.items.has(node) ? node : (this.grouped.get(node) ?? node);
  }

  item(id: string): Item | undefined {
    return this.items.get(id);
  }

  info(id: string): Info | undefined {
    return this.nodes[nodeOf(this.valueOf(id))];
  }

  /** The value an item stands for: an outer item `scope@value` stands for a value made elsewhere. */
  valueOf(id: string): string {
    return this.items.get(id)?.kind === "outer" ? id.slice(id.indexOf("@") + 1) : id.replace(/\+\d+$/, "");
  }

  /** A few words for a node. */
  nameOf(id: string): string {
    const info = this.info(id);
    return info?.name || info?.primitive || this.items.get(id)?.label || id;
  }

  /** The scopes from the root's first inner one down to the one that holds `id`; null: not carried. */
  pathTo(id: string): string[] | null {
    const path: string[] = [];
    let home = this.homes.get(id);
    if (home === undefined) return null;
    while (home !== this.root) {
      path.unshift(home);
      const door = this.doors.get(home);
      home = door === undefined ? undefined : this.homes.get(door);
      if (home === undefined) return null;
    }
    return path;
  }

  homeOf(item: string): string | undefined {
    return this.homes.get(item);
  }

  doorOf(scope: string): string | undefined {
    return this.doors.get(scope);
  }

  /** The nearest thing in sight that is `id` or holds it. */
  visible(id: string, open: ReadonlySet<string>): string | null {
    const path = this.pathTo(id);
    if (!path) return null;
    const shut = path.find((scope) => !open.has(scope));
    return shut === undefined ? id : (this.doors.get(shut) ?? null);
  }

  /** The scope to ask the kernel for on the way to `id`, or null where none can be guessed. */
  missing(id: string): string | null {
    let body = id.includes("/") ? id.slice(0, id.lastIndexOf("/")) : this.root;
    while (!(body in this.scopes)) {
      if (this.doors.has(body)) return body;
      if (!body.includes("/")) return body.replace(/\/?~\d+$/, "") || null;
      body = body.slice(0, body.lastIndexOf("/"));
    }
    for (const scope of this.doors.keys()) {
      const group = /^(.*?)\/?~\d+$/.exec(scope);
      if (group && group[1] === body && !(scope in this.scopes)) return scope;
    }
    return null;
  }
}
