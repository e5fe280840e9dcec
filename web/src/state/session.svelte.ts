// Who is signed in. The token itself is in a cookie that this page cannot read.
import { call, Problem } from '../api/client';
import type { Session } from '../api/types';

class SessionState {
  state = $state<'unknown' | 'out' | 'in'>('unknown');
  who = $state<Session>();
  problem = $state('');

  // Looks whether the browser is signed in already; a token in the fragment (`/#token=...`) signs it in.
  async begin(): Promise<void> {
    const match = /^#token=(.+)$/.exec(location.hash);
    if (match === null) return this.look();
    // Neither the address bar nor the history keeps it.
    history.replaceState(null, '', location.pathname);
    dispatchEvent(new HashChangeEvent('hashchange'));
    let token = match[1]!;
    try {
      token = decodeURIComponent(token);
    } catch {
      // It is taken as it is.
    }
    await this.signIn(token);
  }

  async look(): Promise<void> {
    try {
      this.enter(await call<Session>('GET', '/api/v1/session'));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 401) return this.lost();
      // Without an answer nobody is signed out.
      this.problem = error.message;
      if (this.state === 'unknown') this.state = 'out';
    }
  }

  async signIn(token: string): Promise<void> {
    this.problem = '';
    try {
      this.enter(await call<Session>('POST', '/api/v1/session', { body: { token: token.trim() } }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.state = 'out';
      this.problem = error.status === 401 ? 'The server does not know this token.' : error.text;
    }
  }

  async signOut(): Promise<void> {
    try {
      await call('DELETE', '/api/v1/session');
    } finally {
      this.lost();
    }
  }

  lost(): void {
    this.state = 'out';
    this.who = undefined;
  }

  private enter(who: Session): void {
    this.who = who;
    this.problem = '';
    this.state = 'in';
  }
}

export const session = new SessionState();
