// open.mjs FILE - opens a page in Chromium, dark and light, uses what a reader
// can use, and prints what was seen as JSON:
//
//   { errors: [..], requests: [..], texts: { id: text }, counts: {..} }
//
// errors: what the page or its scripts complained of; requests: everything
// that was asked of anybody but for the page itself.
import { pathToFileURL } from 'node:url';

import { chromium } from 'playwright-core';

const url = pathToFileURL(process.argv[2]).href;
const browser = await chromium.launch({
  executablePath: process.env.TOKENG_CHROMIUM ?? '/usr/bin/chromium',
});
const seen = { errors: [], requests: [], texts: {}, counts: {} };

async function open(colorScheme) {
  const page = await browser.newPage({ colorScheme });
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      seen.errors.push(message.text());
    }
  });
  page.on('request', (request) => {
    if (request.url() !== url) seen.requests.push(request.url());
  });
  await page.goto(url);
  return page;
}

async function look(page) {
  for (const id of ['trace', 'verdict', 'setting', 'key-name', 'moment-text']) {
    seen.texts[id] = await page.locator(`#${id}`).innerText();
  }
  const all = {
    points: '#cost .mark', rows: '#table tbody tr', days: '#day .area',
    tokens: '#key .token', crosses: '#key .cross', uses: '#key .use',
    injected: 'b, script[src]',
  };
  for (const [name, selector] of Object.entries(all)) {
    seen.counts[name] = await page.locator(selector).count();
  }
  seen.ink = await page.evaluate(
    () => getComputedStyle(document.body).backgroundColor);
}

// What a reader can touch: the price, the ticks of the table, the key's span.
async function use(page) {
  await page.locator('#ratios input[value="30"]').check();
  seen.texts.verdictAt30 = await page.locator('#verdict').innerText();
  await page.locator('#table input:checked').first().uncheck();
  seen.counts.daysLess = await page.locator('#day .area').count();
  await page.locator('#span').selectOption('1');
  if (await page.locator('#moment').isEnabled()) {
    await page.locator('#moment').fill('1');
  }
  seen.texts.nextMoment = await page.locator('#moment-text').innerText();
  seen.counts.usesOfADay = await page.locator('#key .use').count();
}

const light = await open('light');
await look(light);
seen.light = seen.ink;
await use(light);
if (process.argv[3]) {
  await light.setViewportSize({ width: 1180, height: 900 });
  await light.screenshot({ path: process.argv[3], fullPage: true });
}
const dark = await open('dark');
await look(dark);
seen.dark = seen.ink;
delete seen.ink;
await browser.close();
console.log(JSON.stringify(seen));
