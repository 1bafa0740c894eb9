// One layout by dagre or ELK: a graph from standard input, {seconds, nodes: [[x, y]], edges: [[[x, y], …]]} to standard output.
// The engine is warmed on a small graph; the time is that of the layout call alone, the best of `rounds`.
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

const GAPS = { rank: 34, node: 22, edge: 14 };

async function dagre(graph) {
  const { Graph, layout } = await import("@dagrejs/dagre");
  const drawing = new Graph({ multigraph: true });
  drawing.setGraph({ rankdir: "TB", ranksep: GAPS.rank, nodesep: GAPS.node, edgesep: GAPS.edge });
  drawing.setDefaultEdgeLabel(() => ({}));
  graph.nodes.forEach(([width, height], k) => drawing.setNode(String(k), { width, height }));
  graph.edges.forEach(([a, b], k) => drawing.setEdge(String(a), String(b), {}, String(k)));
  const start = performance.now();
  layout(drawing);
  const seconds = (performance.now() - start) / 1000;
  return {
    seconds,
    nodes: graph.nodes.map((_, k) => [drawing.node(String(k)).x, drawing.node(String(k)).y]),
    edges: graph.edges.map(([a, b], k) => drawing.edge(String(a), String(b), String(k)).points.map((p) => [p.x, p.y])),
  };
}

async function elk(graph) {
  const { default: ELK } = await import("elkjs");
  const engine = new ELK();
  const start = performance.now();
  const drawn = await engine.layout({
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "DOWN",
      "elk.edgeRouting": "ORTHOGONAL",
      "elk.layered.spacing.nodeNodeBetweenLayers": String(GAPS.rank),
      "elk.spacing.nodeNode": String(GAPS.node),
    },
    children: graph.nodes.map(([width, height], k) => ({ id: `n${k}`, width, height })),
    edges: graph.edges.map(([a, b], k) => ({ id: `e${k}`, sources: [`n${a}`], targets: [`n${b}`] })),
  });
  const seconds = (performance.now() - start) / 1000;
  const route = ({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint].map((p) => [p.x, p.y]);
  return {
    seconds,
    nodes: drawn.children.map((n) => [n.x + n.width / 2, n.y + n.height / 2]),
    edges: drawn.edges.map((e) => route(e.sections[0])),
  };
}

const engine = { dagre, elk }[process.argv[2]];
const graph = JSON.parse(readFileSync(0, "utf8"));
const ring = { nodes: Array.from({ length: 30 }, () => [60, 30]), edges: Array.from({ length: 29 }, (_, k) => [k >> 1, k + 1]) };
for (let k = 0; k < 3; k++) await engine(ring);
let best = await engine(graph);
for (let k = 0; k < 4 && best.seconds < 2; k++) {
  const again = await engine(graph);
  if (again.seconds < best.seconds) best = again;
}
process.stdout.write(JSON.stringify(best));
