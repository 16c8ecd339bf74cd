// Draw a Plan, as text or as a picture. An entry of its own: a process that runs plans does not load it.
export { drawAscii, type DrawAsciiOptions } from "./plan/draw/draw-ascii.ts";
export { drawDot } from "./plan/draw/draw-dot.ts";
export { drawMermaid } from "./plan/draw/draw-mermaid.ts";
export { drawSvg } from "./plan/draw/draw-svg.ts";
