/** Hand-made states of the wire, for the tests and for looking at: a two-layer gradient, a check, a NaN, an elimination. */

type Wire = Record<string, unknown>;
type Spec = readonly [id: string, kind: string, label: string, detail: string, scopes?: readonly string[]];

/** A scope whose items stand in rows; edges go from border to border. */
export function scope(
  id: string,
  label: string,
  kind: string,
  rows: readonly (readonly Spec[])[],
  edges: readonly (readonly string[])[],
  portals: readonly (readonly string[])[] = [],
): Wire {
  const gap = 28;
  const size = (s: Spec) => Math.max(56, 7.4 * s[2].length + 22, 6.3 * s[3].length + 22) + (s[4] ? 18 : 0);
  const widths = rows.map((row) => row.reduce((sum, s) => sum + size(s) + gap, -gap));
  const width = Math.max(...widths) + 24;
  const items: Wire[] = [];
  rows.forEach((row, r) => {
    let x = (width - (widths[r] ?? 0)) / 2;
    for (const s of row) {
      const w = size(s);
      items.push({
        id: s[0],
        kind: s[1],
        label: s[2],
        detail: s[3],
        scopes: s[4] ?? [],
        x: x + w / 2,
        y: 32 + 76 * r,
        w,
        h: s[3] ? 40 : 28,
      });
      x += w + gap;
    }
  });
  const at = new Map(items.map((item) => [item.id, item as { x: number; y: number; h: number }]));
  const wires = edges.map(([from = "", to = "", text = ""]) => {
    const [a, b] = [at.get(from), at.get(to)];
    if (!a || !b) throw new Error(`edge of an unknown item: ${from} to ${to}`);
    const [top, bottom] = [a.y + a.h / 2, b.y - b.h / 2];
    const bend = bottom - 18;
    const points =
      a.x === b.x
        ? [
            [a.x, top],
            [b.x, bottom],
          ]
        : [
            [a.x, top],
            [a.x, bend],
            [b.x, bend],
            [b.x, bottom],
          ];
    return { from, to, points, label: text };
  });
  return { id, label, kind, width, height: 64 + 76 * (rows.length - 1), items, edges: wires, portals };
}

function info(
  primitive: string,
  name: string,
  text: string,
  shape: string,
  operands: readonly string[],
  consumers: readonly string[],
  line: number,
  source: string,
  params: Record<string, string> = {},
): Wire {
  return {
    primitive,
    name,
    text,
    results: [{ id: name, name, shape, dtype: "float32" }],
    operands: operands.map((id) => ({
      id: /^\d/.test(id) || /^[ioc]\d/.test(id) ? id : null,
      name: id,
      shape,
      dtype: "float32",
    })),
    consumers,
    params,
    source: { file: "net.py", line, function: "loss", text: source },
    scope: "loss/layer",
  };
}

const layer = (n: number) =>
  scope(
    `${n}.0`,
    "layer",
    "jit",
    [
      [
        [`${n}.0/i0`, "input", "x", "f32[16, 4]"],
        [`${n}.0/i1`, "input", "w", "f32[4, 8]"],
        [`${n}.0@c0`, "outer", "scale", "f32[]"],
      ],
      [[`${n}.0/0`, "equation", "dot_general", "f32[16, 8]"]],
      [[`${n}.0/1`, "equation", "mul", "f32[16, 8]"]],
      [[`${n}.0/2`, "equation", "tanh", "f32[16, 8]"]],
      [[`${n}.0/o0`, "output", "out", "f32[16, 8]"]],
    ],
    [
      [`${n}.0/i0`, `${n}.0/0`, "f32[16, 4]"],
      [`${n}.0/i1`, `${n}.0/0`, "f32[4, 8]"],
      [`${n}.0/0`, `${n}.0/1`, "f32[16, 8]"],
      [`${n}.0@c0`, `${n}.0/1`, "f32[]"],
      [`${n}.0/1`, `${n}.0/2`, "f32[16, 8]"],
      [`${n}.0/2`, `${n}.0/o0`, "f32[16, 8]"],
    ],
  );

export const graph: Wire = {
  root: "",
  open: ["0.0", "2.0", "2.0/~0"],
  counts: { equations: 17, scopes: 6, values: 29 },
  scopes: {
    "": scope(
      "",
      "loss(x, w1, w2)",
      "function",
      [
        [
          ["i0", "input", "x", "f32[16, 4]"],
          ["i1", "input", "w1", "f32[4, 8]"],
          ["c0", "constant", "scale", "f32[]"],
        ],
        [
          ["0", "equation", "layer", "f32[16, 8]", ["0.0"]],
          ["i2", "input", "w2", "f32[8, 1]"],
        ],
        [["1", "equation", "layer", "f32[16, 1]", ["1.0"]]],
        [
          ["2", "equation", "scan", "f32[16, 1] × 48", ["2.0"]],
          ["3", "equation", "cond", "f32[]", ["3.0", "3.1"]],
        ],
        [
          ["4", "equation", "integer_pow", "f32[16, 1]"],
          ["~0", "scope", "regulariser", "× 12", ["~0"]],
        ],
        [["5", "equation", "reduce_sum", "f32[]"]],
        [["o0", "output", "loss", "f32[]"]],
      ],
      [
        ["i0", "0", "f32[16, 4]"],
        ["i1", "0", "f32[4, 8]"],
        ["c0", "0", "f32[]"],
        ["0", "1", "f32[16, 8]"],
        ["i2", "1", "f32[8, 1]"],
        ["1", "2", "f32[16, 1]"],
        ["1", "3", "f32[16, 1]"],
        ["2", "4", "f32[16, 1]"],
        ["3", "~0", "f32[]"],
        ["4", "5", "f32[16, 1]"],
        ["~0", "5", "f32[]"],
        ["5", "o0", "f32[]"],
      ],
      [["i0", "5"]],
    ),
    "0.0": layer(0),
    "1.0": layer(1),
    "2.0": scope(
      "2.0",
      "body",
      "scan",
      [
        [["2.0/i0", "input", "carry", "f32[16, 1]"]],
        [
          ["2.0/0", "equation", "mul", "f32[16, 1]"],
          ["2.0/~0", "scope", "softplus", "3 equations", ["2.0/~0"]],
        ],
        [["2.0/4", "equation", "add", "f32[16, 1]"]],
        [["2.0/o0", "output", "carry", "f32[16, 1]"]],
      ],
      [
        ["2.0/i0", "2.0/0", "f32[16, 1]"],
        ["2.0/i0", "2.0/~0", "f32[16, 1]"],
        ["2.0/0", "2.0/4", "f32[16, 1]"],
        ["2.0/~0", "2.0/4", "f32[16, 1]"],
        ["2.0/4", "2.0/o0", "f32[16, 1]"],
      ],
    ),
    "2.0/~0": scope(
      "2.0/~0",
      "softplus",
      "named",
      [
        [["2.0/~0@2.0/i0", "outer", "carry", "f32[16, 1]"]],
        [["2.0/1", "equation", "exp", "f32[16, 1]"]],
        [["2.0/2", "equation", "log1p", "f32[16, 1]"]],
      ],
      [
        ["2.0/~0@2.0/i0", "2.0/1", "f32[16, 1]"],
        ["2.0/1", "2.0/2", "f32[16, 1]"],
      ],
    ),
    "3.0": scope(
      "3.0",
      "branch 0",
      "cond",
      [[["3.0/i0", "input", "p", "f32[]"]], [["3.0/0", "equation", "neg", "f32[]"]]],
      [["3.0/i0", "3.0/0", "f32[]"]],
    ),
    "3.1": scope(
      "3.1",
      "branch 1",
      "cond",
      [[["3.1/i0", "input", "p", "f32[]"]], [["3.1/0", "equation", "sin", "f32[]"]]],
      [["3.1/i0", "3.1/0", "f32[]"]],
    ),
  },
  nodes: {
    "0": info(
      "jit",
      "h",
      "h:f32[16,8] = layer x w1 scale",
      "f32[16, 8]",
      ["i0", "i1", "c0"],
      ["1"],
      12,
      "    h = layer(x, w1)",
      { name: "layer" },
    ),
    "1": info(
      "jit",
      "y",
      "y:f32[16,1] = layer h w2 scale",
      "f32[16, 1]",
      ["0", "i2", "c0"],
      ["2", "3"],
      13,
      "    y = layer(h, w2)",
      { name: "layer" },
    ),
    "2": info(
      "scan",
      "s",
      "s:f32[16,1] = scan[length=48] y",
      "f32[16, 1]",
      ["1"],
      ["4"],
      14,
      "    s, _ = jax.lax.scan(body, y, None, length=48)",
      { length: "48", reverse: "False" },
    ),
    "4": info(
      "integer_pow",
      "q",
      "q:f32[16,1] = integer_pow[y=2] s",
      "f32[16, 1]",
      ["2"],
      ["5"],
      15,
      "    return jnp.sum(s ** 2) + regulariser(y)",
      { y: "2" },
    ),
    "5": info(
      "reduce_sum",
      "loss",
      "loss:f32[] = reduce_sum[axes=(0, 1)] q",
      "f32[]",
      ["4"],
      ["o0"],
      15,
      "    return jnp.sum(s ** 2) + regulariser(y)",
      { axes: "(0, 1)" },
    ),
    "0.0/2": info(
      "tanh",
      "out",
      "out:f32[16,8] = tanh scaled",
      "f32[16, 8]",
      ["0.0/1"],
      ["0.0/o0"],
      5,
      "    return jnp.tanh(scale * (x @ w))",
    ),
    "0.0/1": info(
      "mul",
      "scaled",
      "scaled:f32[16,8] = mul z scale",
      "f32[16, 8]",
      ["0.0/0", "c0"],
      ["0.0/2"],
      5,
      "    return jnp.tanh(scale * (x @ w))",
    ),
  },
};

const VERDICTS = [
  "proved with high probability",
  "proved with high probability",
  "proved with high probability",
  "proved with high probability",
  "refuted",
  "proved with high probability",
  "undecided",
  "proved with high probability",
  "proved with high probability",
  "not finite",
  "proved with high probability",
  "proved with high probability",
  "proved with high probability",
  "unsupported",
  "proved with high probability",
  "proved with high probability",
  "proved with high probability",
  "proved with high probability",
];

const GOOD = "proved with high probability";
const MODES = ["jvp", "vjp", "linearize"];

export const check: Wire = {
  verdict: "refuted",
  summary: "refuted (1 entry), not finite (1 entry)",
  evidence: "wrong with probability ≤ 2^-112, 7 points, 3 branches, seed 0; jvp, vjp, linearize",
  seconds: 0.84,
  order: 1,
  full: 7.22,
  eager: false,
  totals: { refuted: 1, "not finite": 1, undecided: 1, unsupported: 1, [GOOD]: 14 },
  size: [3, 6],
  rows: [0, 1, 2].map((k) => [k, `out[${k}]`]),
  columns: ["x[0]", "x[1]", "x[2]", "y", "scale[0]", "scale[1]"].map((name, k) => [k, name]),
  groups: {
    rows: [{ name: "out", shape: "float32[3]", first: 0, size: 3 }],
    columns: [
      { name: "x", shape: "float32[3]", first: 0, size: 3 },
      { name: "y", shape: "float32[]", first: 3, size: 1 },
      { name: "scale", shape: "float32[2]", first: 4, size: 2 },
    ],
  },
  entries: VERDICTS.map((verdict, k) => ({
    i: Math.floor(k / 6),
    j: k % 6,
    verdict,
    jacfwd: verdict === "not finite" ? "Infinity" : 0.21220999956130981 + k,
    jacrev: verdict === "not finite" ? "NaN" : 0.21220999956130981 + k,
    truth: verdict === "refuted" ? 4.106104 : verdict === "unsupported" ? null : 0.21221 + k,
    error: verdict === "refuted" ? 0.026 : verdict === GOOD ? 3.1e-8 : null,
    digits: verdict === "refuted" ? 1 : verdict === GOOD ? 7 : null,
    note: verdict === "not finite" ? "jacfwd gives inf, jacrev gives nan" : "",
    modes: Object.fromEntries(MODES.map((mode) => [mode, verdict])),
  })),
  left_out: 0,
  findings: [
    {
      kind: "constant",
      severity: "error",
      message: "a constant is slightly off",
      mode: "jvp, vjp, linearize",
      order: 1,
      entry: [0, 4],
      name: "∂out[0]/∂scale[0]",
      rule: "",
      source: { file: "net.py", line: 12, function: "layer", text: "    return 1.000001 * scale * t" },
      node: "3",
      hint: "the rule has 1.000001 where 1 belongs",
      witness: {
        point: [{ name: "scale", value: "[0.5, 2.0]" }],
        ad: "4.2122100419",
        true: "4.1061040000",
        ratio: 1.025841,
        method: "balls",
        snippet: "import jax",
      },
    },
    {
      kind: "by design",
      severity: "info",
      message: "stop_gradient holds a value constant, as asked",
    },
  ],
  point: [
    { name: "x", value: "[0.5, −1.25, 2.0]" },
    { name: "y", value: "3.0" },
  ],
  points: [
    { label: "the given point", branch: 0, outcome: "refuted", decisions: 1, values: [{ name: "y", value: "3.0" }] },
    { label: "large", branch: 1, outcome: GOOD, decisions: 1, values: [{ name: "y", value: "1e3" }] },
  ],
  branches: 2,
  missing: { linearize: "TypeError: no rule" },
  unsupported: [{ primitive: "erf_inv", node: "4", source: "net.py:15" }],
  notes: [],
  path: ["x[0] > 0"],
  snippet: "report = dl.check(f, ...)  # your arguments",
};

/** What a kernel says of an entry. */
export const entryAnswer: Wire = {
  kind: "entry",
  i: 0,
  j: 4,
  formula: "y*cos(x0*y)",
  mathml:
    "<mrow><mi>y</mi><mo>&InvisibleTimes;</mo><mi>cos</mi><mo>(</mo><msub><mi>x</mi><mn>0</mn></msub><mi>y</mi><mo>)</mo><mo>-</mo><mfrac><msup><mi>e</mi><mrow><mo>-</mo><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup></mrow></msup><mrow><mn>2</mn><msqrt><msub><mi>s</mi><mn>0</mn></msub></msqrt></mrow></mfrac></mrow>",
  why: "",
  derivation: {
    paths: 1,
    links: [
      {
        of: "t1",
        by: "scale[0]",
        partial: "x0",
        primitive: "mul",
        equation: "t1: f32[] = mul scale x0",
        node: "1",
        source: { file: "net.py", line: 11, function: "layer", text: "a = scale * x" },
      },
    ],
    left_out: 0,
    sum: "x0",
  },
  listing: [],
  losses: [],
};

const TEXTS = [
  "z = dot_general x w1",
  "a = mul z scale",
  "h = tanh a",
  "y = dot_general h w2",
  "r = sub y t",
  "s = sqrt r",
  "q = integer_pow[y=2] s",
  "loss = reduce_sum[axes=(0,)] q",
];
const NODES = ["0.0/0", "0.0/1", "0.0/2", "1", "2", "4", "4", "5"];

/** A trace of 2·`half` steps that turns to NaN on the way back. */
export function adjoint(half = TEXTS.length): Wire {
  const columns: Record<string, unknown[]> = {};
  for (const name of ["phase", "node", "path", "text", "source", "shape", "primal", "cotangent", "inputs", "flag"])
    columns[name] = [];
  const bad = half + Math.floor(half / 3);
  for (let n = 0; n < 2 * half; n++) {
    const reverse = n >= half;
    const k = (reverse ? 2 * half - 1 - n : n) % TEXTS.length;
    const scalar = k === TEXTS.length - 1;
    const nan = reverse && n >= bad;
    const norm = 10 ** (-Math.abs(Math.sin(n / 3)) * 3);
    const primal = scalar ? [1, 2.25, 2.25, 2.25, 2.25, 0, 0, 0] : [16, 3.217, -0.98, 1.74, 0.21, 0, 0, 2];
    const cotangent = !reverse
      ? null
      : nan
        ? [16, norm, -0.3, 0.42, 0.01, 3, 0, 4]
        : scalar
          ? [1, 1, 1, 1, 1, 0, 0, 0]
          : [16, norm, -norm / 2, norm / 2, norm / 9, 0, 0, 0];
    const text = TEXTS[k] ?? "";
    columns.phase?.push(reverse ? "reverse" : "forward");
    columns.node?.push(NODES[k] ?? "0");
    columns.path?.push(k === 4 ? "scan[3]" : "");
    columns.text?.push(text);
    columns.source?.push(k === 6 ? null : `net.py:${10 + k}`);
    columns.shape?.push(scalar ? "f32[]" : "f32[16]");
    columns.primal?.push(primal);
    columns.cotangent?.push(cotangent);
    columns.inputs?.push(
      text
        .split(" ")
        .slice(3)
        .map((name) => ({ name, primal, cotangent: reverse ? cotangent : null })),
    );
    columns.flag?.push(nan ? "nan" : reverse && k === 6 ? "zero" : null);
  }
  return {
    steps: 2 * half,
    forward: half,
    columns,
    arguments: [
      { name: "x", primal: [64, 8.1, -2, 2, 0.1, 0, 0, 0], cotangent: [64, "NaN", -0.1, 0.4, 0.02, 12, 0, 0] },
      { name: "w1", primal: [32, 5.6, -1, 1, 0, 0, 0, 0], cotangent: [32, "NaN", -0.1, 0.4, 0.02, 8, 0, 0] },
    ],
    explanation: `The first NaN appears at step ${bad + 1}, in the reverse sweep.\n\nsqrt has slope 1/(2·sqrt(r)); at r = 0 this is infinite, and\nthe incoming cotangent there is 0: 0 · ∞ = NaN.\n\nGuard it: jnp.where(r > 0, jnp.sqrt(jnp.where(r > 0, r, 1)), 0)`,
    marks: { first_nan: bad },
    truncated: null,
  };
}

export const elimination: Wire = {
  vertices: [
    { id: "i0", label: "x0", role: "input", shape: "f32[3]", x: 70, y: 30, w: 76, h: 40 },
    { id: "i1", label: "x1", role: "input", shape: "f32[3]", x: 230, y: 30, w: 76, h: 40 },
    { id: "0", label: "mul", role: "intermediate", shape: "f32[3]", x: 150, y: 120, w: 84, h: 40 },
    { id: "1", label: "sin", role: "intermediate", shape: "f32[3]", x: 60, y: 210, w: 84, h: 40 },
    { id: "2", label: "exp", role: "intermediate", shape: "f32[3]", x: 250, y: 210, w: 84, h: 40 },
    { id: "3", label: "dot_general", role: "intermediate", shape: "f32[]", x: 150, y: 300, w: 110, h: 40 },
    { id: "4", label: "y0", role: "output", shape: "f32[]", x: 80, y: 390, w: 84, h: 40 },
    { id: "5", label: "y1", role: "output", shape: "f32[3]", x: 250, y: 390, w: 84, h: 40 },
  ],
  edges: [
    ["i0", "0", "diagonal"],
    ["i1", "0", "diagonal"],
    ["0", "1", "diagonal"],
    ["0", "2", "diagonal"],
    ["1", "3", "dense"],
    ["2", "3", "dense"],
    ["3", "4", "scalar"],
    ["2", "5", "diagonal"],
    ["3", "5", "dense"],
  ],
  width: 320,
  height: 420,
  frames: [
    {
      vertex: "0",
      cost: 12,
      scalar_cost: 36,
      added: [
        ["i0", "1", "diagonal"],
        ["i0", "2", "diagonal"],
        ["i1", "1", "diagonal"],
        ["i1", "2", "diagonal"],
      ],
      removed: [
        ["i0", "0"],
        ["i1", "0"],
        ["0", "1"],
        ["0", "2"],
      ],
      merged: [],
    },
    {
      vertex: "1",
      cost: 6,
      scalar_cost: 6,
      added: [
        ["i0", "3", "dense"],
        ["i1", "3", "dense"],
      ],
      removed: [
        ["i0", "1"],
        ["i1", "1"],
        ["1", "3"],
      ],
      merged: [],
    },
  ],
  order: ["0", "1"],
  playable: { "2": { cost: 12, scalar_cost: 18, fill: 2 }, "3": { cost: 6, scalar_cost: 18, fill: 4 } },
  counts: { cost: 18, scalar_cost: 42, edges: 10 },
  baselines: [
    { name: "forward", cost: 42, scalar_cost: 90, order: ["0", "1", "2", "3"] },
    { name: "reverse", cost: 36, scalar_cost: 78, order: ["3", "2", "1", "0"] },
    { name: "markowitz", cost: 30, scalar_cost: 66, order: ["1", "0", "3", "2"] },
  ],
  units: "multiplications",
  truncated: null,
};

/** All four views of one function. */
export function state(change: Wire = {}): Wire {
  return structuredClone({
    format: 1,
    title: "loss(x: f32[16, 4], w1: f32[4, 8], w2: f32[8, 1])",
    views: ["graph", "check", "adjoint", "elimination"],
    graph,
    check,
    adjoint: adjoint(),
    elimination,
    cursor: { view: "graph", selection: null, steps: { adjoint: 0, elimination: 2 } },
    notice: null,
    height: 520,
    ...change,
  });
}
