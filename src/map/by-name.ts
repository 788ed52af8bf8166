/** Lists by name where there is mostly one name: the groups of a message are many, and most hold one segment that made one thing. */
export class ByName<Item> {
  #name: string | undefined;
  #items: Item[] | undefined;
  #others: Map<string, Item[]> | undefined;

  get(name: string): readonly Item[] | undefined {
    return name === this.#name ? this.#items : this.#others?.get(name);
  }

  add(name: string, item: Item): void {
    if (this.#items === undefined) {
      this.#name = name;
      this.#items = [item];
      return;
    }
    const standing = name === this.#name ? this.#items : this.#others?.get(name);
    if (standing !== undefined) standing.push(item);
    else (this.#others ??= new Map()).set(name, [item]);
  }
}
