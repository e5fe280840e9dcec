// Where in the page somebody is: `#/tasks/build-1?namespace=team`.
class Route {
  path = $state.raw<string[]>([]);
  query = $state.raw(new URLSearchParams());

  constructor() {
    this.read();
    addEventListener('hashchange', () => this.read());
  }

  get view(): string {
    return this.path[0] ?? 'overview';
  }

  private read(): void {
    const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
    this.path = path.split('/').filter((part) => part !== '').map(decoded);
    this.query = new URLSearchParams(query);
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const route = new Route();

export type Parameters = Record<string, string | undefined>;

// The address of a view, in the same namespace unless another is given.
export function href(path: string[], parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  const namespace = 'namespace' in parameters ? parameters.namespace : (route.query.get('namespace') ?? undefined);
  for (const [name, value] of Object.entries({ ...parameters, namespace })) {
    if (value !== undefined && value !== '' && !(name === 'namespace' && value === 'default')) query.set(name, value);
  }
  const text = query.toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

export function go(path: string[], parameters: Parameters = {}): void {
  location.hash = href(path, parameters);
}

// Changes the filter of a view without a new step in the browser's history.
export function replace(path: string[], parameters: Parameters): void {
  history.replaceState(null, '', href(path, parameters));
  dispatchEvent(new HashChangeEvent('hashchange'));
}
