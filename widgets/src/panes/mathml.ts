/** MathML from the kernel, rebuilt element by element: what is not on the list does not get in. */

const NS = "http://www.w3.org/1998/Math/MathML";

const ELEMENTS = new Set(
  (
    "math mi mn mo ms mspace mtext mrow mfrac msqrt mroot mstyle merror mpadded mphantom mfenced menclose msub msup msubsup " +
    "munder mover munderover mmultiscripts mprescripts none mtable mtr mtd semantics"
  ).split(" "),
);
/** Dropped with all they hold; other unknown elements only lose their tag. */
const DROPPED = new Set([
  "script",
  "style",
  "annotation",
  "annotation-xml",
  "iframe",
  "object",
  "embed",
  "template",
  "svg",
  "title",
]);
const ATTRIBUTES = new Set(
  (
    "display displaystyle mathvariant mathsize stretchy fence separator form largeop movablelimits accent accentunder " +
    "linethickness bevelled lspace rspace width height depth open close separators notation rowspan columnspan columnalign " +
    "rowalign columnspacing rowspacing columnlines rowlines minsize maxsize symmetric scriptlevel dir"
  ).split(" "),
);

/** The formula as an element, or null where nothing of it is MathML. */
export function mathml(markup: string): Element | null {
  const template = document.createElement("template");
  // Inside <math>, the HTML parser knows that <mspace/> is closed.
  template.innerHTML = /<math[\s>]/.test(markup) ? markup : `<math>${markup}</math>`;
  const source = template.content.querySelector("math");
  if (!source) return null;
  const math = document.createElementNS(NS, "math");
  math.setAttribute("display", "block");
  copy(source, math);
  return math.childNodes.length > 0 ? math : null;
}

function copy(from: Element, to: Element): void {
  for (const child of from.childNodes) {
    if (child.nodeType === 3) {
      to.append(child.textContent ?? "");
      continue;
    }
    if (child.nodeType !== 1) continue;
    const element = child as Element;
    const name = element.localName.toLowerCase();
    if (DROPPED.has(name)) continue;
    if (!ELEMENTS.has(name)) {
      copy(element, to);
      continue;
    }
    const made = document.createElementNS(NS, name);
    for (const { name: key, value } of element.attributes) {
      if (ATTRIBUTES.has(key) && !/[:(]/.test(value)) made.setAttribute(key, value);
    }
    copy(element, made);
    to.append(made);
  }
}
