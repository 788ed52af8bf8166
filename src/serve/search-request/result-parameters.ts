/** Parameters that say what a page of a search shows, and in a word what each does. */
export const RESULT_PARAMETERS: Readonly<Record<string, string>> = {
  _sort: 'up to 5 keys, `-` for descending; what has no value comes last',
  _count: 'matches on a page; a greater one is cut and the self link says so; 0 asks for the total alone',
  _total:
    '`none` (default), `estimate`, `accurate`; one that takes too long to count is left out as an estimate, and refused as accurate (too-costly)',
  _summary: '`true`, `text`, `data`, `count`, `false`; what is shortened is tagged SUBSETTED',
  _elements: 'elements at the top of a resource',
  _include: 'follows references out of the matches; `:iterate`, a target type, `Type:*` and `*`',
  _revinclude: 'what refers to the matches; the same forms',
  _contained: '`false` alone: contained resources are found by what holds them',
};

/** Parameters every search takes that are no SearchParameter of a type. */
export const SPECIAL_PARAMETERS: Readonly<Record<string, string>> = {
  _has: 'resources that another refers to: `_has:Observation:patient:code=...`, nested too',
  _list: 'the members of a List',
  _type: 'the types of a search of everything',
};
