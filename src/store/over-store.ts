import type { Store } from './store.ts';

/** A store that is another in all but some members; the others stay bound to it. */
export function overStore(inner: Store, members: Partial<Store>): Store {
  return new Proxy(inner, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof Store];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member as (...words: unknown[]) => unknown).bind(target) : member;
    },
  });
}
