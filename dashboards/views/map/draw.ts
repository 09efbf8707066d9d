// Draws a scene on a canvas.
import type { Severity } from '../../verdicts.ts';
import { type Frame, type Line, onCanvas, type Pointed, radiusOn, type Scene, widthOn } from './scene.ts';

/** Present colours of the page. */
export type Look = Record<'text' | 'muted' | 'line' | 'page' | 'accent' | 'warn' | 'bad', string>;

const TURN = 2 * Math.PI;
/** Names are drawn from this scale on, when there is room for them. */
const NAMES_FROM_SCALE = 0.9;
const NAMES_MOST = 60;
/** Drawing order: the worst lines come last, on top of the others. */
const ORDER = ['none', 'ok', 'warn', 'bad'] as const satisfies readonly Severity[];

/** The more lines there are, the more transparent they are. */
const alphaOf = (severity: Severity, lines: number) => (severity === 'warn' || severity === 'bad' ? 0.9 : 0.45) / (1 + lines / 500);
/** Opacity of all lines that do not belong to the node under the pointer. */
const FAINT = 0.04;

export function draw(
  canvas: CanvasRenderingContext2D,
  size: { width: number; height: number },
  scene: Scene,
  frame: Frame,
  look: Look,
  pointed: Pointed,
): void {
  const colors: Record<Severity, string> = { none: look.muted, ok: look.muted, warn: look.warn, bad: look.bad };
  const isOwn = ({ ends }: Line) => pointed?.node == null || ends.includes(pointed.node);
  canvas.clearRect(0, 0, size.width, size.height);
  drawRings(canvas, scene, frame, look);
  const own = scene.lines.filter(isOwn);
  for (const severity of ORDER) {
    canvas.strokeStyle = colors[severity];
    canvas.globalAlpha = FAINT;
    stroke(
      canvas,
      frame,
      scene.lines.filter((line) => line.severity === severity && !isOwn(line)),
    );
    canvas.globalAlpha = alphaOf(severity, own.length);
    stroke(
      canvas,
      frame,
      own.filter((line) => line.severity === severity),
    );
  }
  canvas.globalAlpha = 1;
  drawDots(canvas, scene, frame, look);
  const marked = pointed?.edge == null ? undefined : scene.lines[pointed.edge];
  if (!marked) return;
  canvas.strokeStyle = look.accent;
  stroke(canvas, frame, [marked], 2);
}

/** Draws all lines of a width in one stroke: two thousand strokes would take a whole frame. */
function stroke(canvas: CanvasRenderingContext2D, frame: Frame, lines: readonly Line[], wider = 0): void {
  for (const [width, all] of Map.groupBy(lines, (line) => Math.round(widthOn(frame, line) * 2) / 2)) {
    canvas.lineWidth = width + wider;
    canvas.beginPath();
    for (const line of all) trace(canvas, frame, line);
    canvas.stroke();
  }
}

/** An edge from a node to itself is a small circle beside the node. */
function trace(canvas: CanvasRenderingContext2D, frame: Frame, { from, to }: Line): void {
  const [a, b] = [onCanvas(frame, from), onCanvas(frame, to)];
  canvas.moveTo(a.x, a.y);
  if (a.x === b.x && a.y === b.y) canvas.arc(a.x, a.y - 9, 9, Math.PI / 2, Math.PI / 2 + TURN);
  else canvas.lineTo(b.x, b.y);
}

function drawRings(canvas: CanvasRenderingContext2D, { rings }: Scene, frame: Frame, look: Look): void {
  canvas.font = '12px system-ui, sans-serif';
  canvas.textAlign = 'center';
  canvas.strokeStyle = look.line;
  canvas.fillStyle = look.muted;
  canvas.lineWidth = 1;
  for (const ring of rings) {
    const { x, y } = onCanvas(frame, ring);
    const radius = ring.radius * frame.scale;
    canvas.beginPath();
    canvas.arc(x, y, radius, 0, TURN);
    canvas.stroke();
    if (rings.length <= NAMES_MOST) canvas.fillText(ring.name, x, y - radius - 4);
  }
}

function drawDots(canvas: CanvasRenderingContext2D, { dots }: Scene, frame: Frame, look: Look): void {
  const named = dots.length <= NAMES_MOST || frame.scale >= NAMES_FROM_SCALE;
  canvas.lineWidth = 1.5;
  for (const dot of dots) {
    const { x, y } = onCanvas(frame, dot);
    const radius = radiusOn(frame, dot);
    canvas.beginPath();
    canvas.arc(x, y, radius, 0, TURN);
    canvas.fillStyle = dot.isWatched ? look.text : look.page;
    canvas.fill();
    canvas.strokeStyle = look.text;
    canvas.stroke();
    canvas.fillStyle = look.text;
    if (named) canvas.fillText(dot.name, x, y + radius + 12);
  }
}
