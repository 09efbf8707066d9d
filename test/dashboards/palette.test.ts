// The palette against eyes: readable text in both themes, and class colours that stay apart in every kind of colour vision.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLASS_COLOR } from '../../dashboards/class-color.ts';

type Rgb = [number, number, number];

const css = readFileSync(new URL('../../dashboards/styles/palette.css', import.meta.url), 'utf8');
const colors = new Map(
  [...css.matchAll(/(--[a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name = '', light = '', dark = '']) => [
    name,
    { light, dark },
  ]),
);

/** Linear light of an sRGB colour, 0–1. */
function linear(name: string, theme: 'light' | 'dark'): Rgb {
  const hex = colors.get(name)?.[theme] ?? '';
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
}

/** WCAG 2's contrast ratio, 1–21. */
function contrast(a: Rgb, b: Rgb): number {
  const luminance = ([red, green, blue]: Rgb) => 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const times = (matrix: readonly (readonly number[])[], color: Rgb) =>
  matrix.map((row) => row.reduce((sum, factor, at) => sum + factor * (color[at] ?? 0), 0)) as Rgb;

/** Machado, Oliveira and Fernandes (2009), full severity, in linear light. */
const VISION = {
  ordinary: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
} as const;

/** Björn Ottosson's OKLab, in which equal distances look about equally far apart. */
function oklab(color: Rgb): Rgb {
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    color,
  ).map(Math.cbrt) as Rgb;
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones,
  );
}

/** Well above what is just noticeable (about 0.02): swatches are 8 px wide. */
const APART_MIN = 0.085;

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  const page = linear('--page', theme);

  test.each(['--text', '--muted', '--accent', '--warn', '--bad'])('%s is readable', (name) => {
    for (const ground of ['--page', '--raised', '--hover'])
      expect(contrast(linear(name, theme), linear(ground, theme)), ground).toBeGreaterThan(4.5);
  });

  test.each(Object.values(CLASS_COLOR))('%s stands out from the page', (name) => {
    expect(contrast(linear(name, theme), page)).toBeGreaterThanOrEqual(2.95);
  });

  test.each(Object.entries(VISION))('classes stay apart in %s', (_name, matrix) => {
    const seen = Object.values(CLASS_COLOR).map((name) => ({
      name,
      at: oklab(times(matrix, linear(name, theme)).map((part) => Math.min(1, Math.max(0, part))) as Rgb),
    }));
    for (const [index, one] of seen.entries()) {
      for (const other of seen.slice(index + 1)) {
        const distance = Math.hypot(...one.at.map((part, at) => part - (other.at[at] ?? 0)));
        expect(distance, `${one.name} and ${other.name}`).toBeGreaterThan(APART_MIN);
      }
    }
  });
});
