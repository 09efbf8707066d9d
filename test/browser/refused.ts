// Requests that are refused until a person asks again. A page asks again by itself, too, and would take the button away that is to be clicked.
import type { Page, Route } from 'playwright-core';

/** @returns how to click “Try again”: all that is asked from then on is answered */
export async function refuse(page: Page, url: string | RegExp, how: (route: Route) => Promise<void>): Promise<() => Promise<void>> {
  let mayAsk = false;
  const isAsked = async () => mayAsk && (await page.evaluate('globalThis.isAsked')) === true;
  await page.route(url, async (route) => ((await isAsked()) ? route.continue() : how(route)));
  return async () => {
    await page.evaluate(`addEventListener('click', () => { globalThis.isAsked = true; }, true)`);
    mayAsk = true;
    await page.getByRole('button', { name: 'Try again' }).click();
  };
}
