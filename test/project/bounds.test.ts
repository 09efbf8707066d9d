// Each question to the store says how many rows its answer can have. What counts only on there being few ends with the first large fleet.
import ts from 'typescript';
import { expect, test } from 'vitest';
import { projectFiles } from '../support/project-files.ts';

/** Where questions get their bounds, and where a client exists before there is an engine to ask. */
const ASKS_THE_CLIENT = /^server\/storage\/(answers|clickhouse)\.ts$/;

type Question = { at: string; bound: boolean; ofClient: boolean };

/** Calls of something's `query`, and of one that stands alone. */
function questionsIn(path: string, text: string): Question[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: Question[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && nameOf(node.expression) === 'query' && node.arguments.length > 0) {
      const [first, , rows] = node.arguments;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push({
        at: `${path}:${line + 1}`,
        bound: rows !== undefined,
        ofClient: first !== undefined && ts.isObjectLiteralExpression(first),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nameOf(callee: ts.Expression): string {
  if (ts.isIdentifier(callee)) return callee.text;
  return ts.isPropertyAccessExpression(callee) ? callee.name.text : '';
}

const questions = projectFiles()
  .filter(({ path }) => /^server\/.*\.ts$/.test(path))
  .flatMap(({ path, text }) => questionsIn(path, text));

test('every question to the store says how many rows it can be answered with', () => {
  expect(questions.length).toBeGreaterThan(50);
  expect(questions.filter(({ bound, ofClient }) => !bound && !ofClient).map(({ at }) => at)).toEqual([]);
});

test('nobody asks past the bounds', () => {
  const past = questions.filter(({ at, ofClient }) => ofClient && !ASKS_THE_CLIENT.test(at.replace(/:\d+$/, '')));
  expect(past.map(({ at }) => at)).toEqual([]);
});

test.each([
  ['with a bound', 'store.query<Row>(`SELECT 1`, { a }, 1)', [true]],
  ['without', "store.query('SELECT 1')", [false]],
  ['without, over lines', 'const [a] = await this.#engine.query<Row>(\n  `SELECT 1`,\n  { limit },\n);', [false]],
  ['of another name', 'this.querying(1)', []],
])('the rule sees a question %s', (_, text, bounds) => {
  expect(questionsIn('a.ts', text).map(({ bound }) => bound)).toEqual(bounds);
});
