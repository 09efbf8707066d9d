// Refuses requests until a person asks again. The page also asks again by itself, which would remove the button before it is clicked.
import type { Page, Route } from 'playwright-core';

/** @returns clicks “Try again”; from then on all requests are answered */
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
