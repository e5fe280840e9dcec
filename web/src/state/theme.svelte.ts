// Light or dark: as the system has it, until somebody chooses.
export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'arbiter.theme';

class ThemeState {
  chosen = $state<Theme>('auto');
  private system = matchMedia('(prefers-color-scheme: dark)');
  private systemIsDark = $state(this.system.matches);

  constructor() {
    const kept = localStorage.getItem(KEY);
    if (kept === 'light' || kept === 'dark') this.chosen = kept;
    this.system.addEventListener('change', (event) => (this.systemIsDark = event.matches));
  }

  get isDark(): boolean {
    return this.chosen === 'auto' ? this.systemIsDark : this.chosen === 'dark';
  }

  toggle(): void {
    this.chosen = this.isDark ? 'light' : 'dark';
    // Back to what the system says means to follow it again.
    if ((this.chosen === 'dark') === this.systemIsDark) this.chosen = 'auto';
    if (this.chosen === 'auto') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, this.chosen);
    this.apply();
  }

  apply(): void {
    if (this.chosen === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.chosen;
  }
}

export const theme = new ThemeState();
