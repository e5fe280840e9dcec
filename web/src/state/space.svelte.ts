// The namespace that the page shows. It is part of the address, so that a link means the same to everybody.
import { route } from './route.svelte';

class Space {
  get name(): string {
    return route.query.get('namespace') ?? 'default';
  }
}

export const space = new Space();
