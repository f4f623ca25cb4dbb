// A real Chromium over npm's puppeteer-core, and axe-core in its pages.
//
// Reads one JSON command a line and answers each with one line of JSON; ends
// with its standard input. Prints "ready", or "unavailable: WHY" where there is
// no browser. Argument: the browser's path.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const readline = require('readline');
const puppeteer = require('puppeteer-core');

// What WCAG 2.2 AA asks for, as axe names it.
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

const acts = {
  async open(page, { url, width, script }) {
    await page.setJavaScriptEnabled(script === true);
    await page.setViewport({ width: width || 800, height: 900 });
    const response = await page.goto(url, { waitUntil: 'load' });
    return { status: response.status(), url: page.url() };
  },
  async text(page) {
    return { text: await page.evaluate(() => document.body.innerText), url: page.url() };
  },
  // Everything folded is opened: what is hidden is not checked.
  async unfold(page) {
    return page.evaluate(() => {
      const all = [...document.querySelectorAll('details')];
      all.forEach((it) => { it.open = true; });
      return { count: all.length };
    });
  },
  // On a copy in a page of its own: axe is a script, and the page has none.
  async axe(page) {
    const copy = await page.browser().newPage();
    try {
      await copy.setViewport(page.viewport());
      const [html, isDark, base] = await page.evaluate(() => [
        document.documentElement.outerHTML,
        matchMedia('(prefers-color-scheme: dark)').matches,
        document.baseURI,
      ]);
      await copy.emulateMediaFeatures([
        { name: 'prefers-color-scheme', value: isDark ? 'dark' : 'light' },
      ]);
      // Its style may be a file beside the page.
      const head = base.startsWith('http') ? `<head><base href="${base}">` : '<head>';
      await copy.setContent(`<!doctype html>${html.replace('<head>', () => head)}`);
      await copy.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
      return await copy.evaluate(async (rules) => {
        const result = await window.axe.run(document, { runOnly: rules });
        const line = (it) => `${it.id}: ${it.nodes.map((n) => n.target).join(' ')}`;
        return { passes: result.passes.length, violations: result.violations.map(line) };
      }, RULES);
    } finally {
      await copy.close();
      await page.bringToFront();
    }
  },
  // Wider than the window: the reader would have to scroll sideways.
  async overflow(page) {
    return page.evaluate(() => ({
      by: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    }));
  },
  async keys(page, { keys }) {
    for (const key of keys) {
      await page.keyboard.press(key);
    }
    return page.evaluate(() => {
      const at = document.activeElement;
      return { at: `${at.tagName} ${at.name || ''} ${at.value || at.innerText || ''}`.trim() };
    });
  },
  async write(page, { text }) {
    await page.keyboard.type(text);
    return {};
  },
  // A key that sends a form, and the page that is seen then.
  async enter(page, { key }) {
    await Promise.all([page.waitForNavigation(), page.keyboard.press(key || 'Enter')]);
    return { url: page.url() };
  },
  async fill(page, { selector, text }) {
    await page.$eval(selector, (it, value) => {
      if (it.type === 'checkbox') { it.checked = value === 'on'; } else { it.value = value; }
    }, text);
    return {};
  },
  async click(page, { selector }) {
    await Promise.all([page.waitForNavigation(), page.$eval(selector, (it) => {
      // What would open in another window is followed in this one.
      it.removeAttribute('target');
      it.click();
    })]);
    return { url: page.url() };
  },
  async picture(page, { selector }) {
    return page.$eval(selector, (it) => ({
      side: it.getAttribute('viewBox').split(' ')[2],
      path: it.querySelector('path:last-of-type').getAttribute('d'),
    }));
  },
  async dark(page, { on }) {
    const value = on ? 'dark' : 'light';
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
    return {};
  },
  async shot(page, { file }) {
    await page.screenshot({ path: file, fullPage: true });
    return {};
  },
};

(async () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'page-browser-'));
  let browser;
  try {
    browser = await puppeteer.launch({
      executablePath: process.argv[2],
      userDataDir: home,
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--lang=en'],
    });
  } catch (error) {
    console.log(`unavailable: ${String(error.message).split('\n')[0]}`);
    process.exit(0);
  }
  const end = async () => {
    await browser.close();
    fs.rmSync(home, { recursive: true, force: true });
    process.exit(0);
  };
  const page = await browser.newPage();
  console.log('ready');
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    let answer;
    try {
      answer = await acts[command.do](page, command);
    } catch (error) {
      answer = { error: `${command.do}: ${error.message}` };
    }
    console.log(JSON.stringify(answer));
  }
  await end();
})();
