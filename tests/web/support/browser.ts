// A browser that looks at a server's page, and complains about what no page of ours may do.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { Server } from '../../e2e/support/server';

let running: Promise<Browser> | undefined;
// Debian's Chromium; as root it runs without its sandbox, which is of no use against our own page.
export function browser(): Promise<Browser> {
  running ??= chromium.launch({ executablePath: process.env.CHROMIUM, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  return running;
}

export async function closeBrowser(): Promise<void> {
  await (await running)?.close();
  running = undefined;
}

export interface Look {
  dark?: boolean;
  width?: number;
  height?: number;
  scale?: number;
}

export class Visit {
  // What the page did wrong: errors that nobody caught, and what the content security policy stopped.
  readonly faults: string[] = [];

  private constructor(
    readonly server: Server,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async open(server: Server, look: Look = {}): Promise<Visit> {
    const context = await (await browser()).newContext({
      baseURL: server.url,
      colorScheme: look.dark ? 'dark' : 'light',
      viewport: { width: look.width ?? 1280, height: look.height ?? 800 },
      deviceScaleFactor: look.scale ?? 1,
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'UTC',
    });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const visit = new Visit(server, context, page);
    page.on('pageerror', (error) => visit.faults.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/i.test(message.text())) visit.faults.push(`policy: ${message.text()}`);
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    });
    return visit;
  }

  // A visit that is signed in, at this place.
  static async signedIn(server: Server, place = '', look: Look = {}): Promise<Visit> {
    const visit = await Visit.open(server, look);
    await visit.page.goto(`/#token=${server.token}`);
    await visit.live();
    if (place !== '') await visit.at(place);
    return visit;
  }

  async at(place: string): Promise<void> {
    await this.page.evaluate((hash) => (location.hash = hash), `#/${place}`);
    await this.page.getByRole('main').waitFor();
  }

  async live(): Promise<void> {
    await this.page.getByText('Live', { exact: true }).waitFor();
  }

  // The page is wider than the window: something has to be scrolled sideways.
  async overflow(): Promise<number> {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }

  // What axe-core finds, one line each.
  async barriers(): Promise<string[]> {
    const source = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
    await this.page.evaluate(source);
    return this.page.evaluate(async () => {
      const axe = (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe;
      const found = await axe.run();
      return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 200)} ${node.failureSummary.replaceAll('\n', ' ')}`));
    });
  }

  async close(): Promise<void> {
    await this.context.close();
    assert.deepEqual(this.faults, []);
  }
}
