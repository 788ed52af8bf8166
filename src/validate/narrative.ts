const ELEMENTS = new Set(
  (
    'a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ' +
    'map ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var'
  ).split(' '),
);
const ATTRIBUTES = new Set(
  (
    'abbr accesskey align alt axis border cellhalign cellpadding cellspacing cellvalign char charoff charset cite class colspan compact coords dir ' +
    'frame headers height href hreflang hspace id lang longdesc name nowrap rel rev rowspan rules scope shape span src start style summary ' +
    'tabindex title type usemap valign value vspace width xml:lang xmlns xml:space'
  ).split(' '),
);
const XHTML = 'http://www.w3.org/1999/xhtml';
const ATTRIBUTE = /\s+([\w:-]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_NAME = /[A-Za-z][\w:-]*/y;
const ENTITY = /&(?!(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#x[0-9A-Fa-f]+);)/;

interface Tag {
  readonly name: string;
  readonly end: number;
  readonly closes: boolean;
  readonly closed: boolean;
}

/** The tag that begins at `start`, its attributes checked; undefined when it is not one that narrative may hold. */
function readTag(text: string, start: number): Tag | undefined {
  const closes = text[start + 1] === '/';
  TAG_NAME.lastIndex = start + (closes ? 2 : 1);
  const name = TAG_NAME.exec(text)?.[0];
  if (name === undefined || !ELEMENTS.has(name)) return undefined;
  let at = TAG_NAME.lastIndex;
  ATTRIBUTE.lastIndex = at;
  for (let found = ATTRIBUTE.exec(text); found !== null; found = ATTRIBUTE.exec(text)) {
    at = ATTRIBUTE.lastIndex;
    if (closes || !isAllowed(found[1] ?? '', found[2] ?? found[3] ?? '')) return undefined;
  }
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t' || text[at] === '\r') at++;
  const closed = text[at] === '/';
  if (closed) at++;
  return text[at] === '>' && !(closes && closed) ? { name, end: at + 1, closes, closed } : undefined;
}

function isAllowed(attribute: string, value: string): boolean {
  if (!ATTRIBUTES.has(attribute) || ENTITY.test(value)) return false;
  if (attribute === 'xmlns') return value === XHTML;
  if (attribute !== 'href' && attribute !== 'src') return true;
  // Browsers skip white space and control characters before a scheme, and read entities in it.
  const bare = value
    .replace(/&[^;]*;/g, '')
    .replace(/[\s\p{Cc}]/gu, '')
    .toLowerCase();
  return !/^(?:javascript|vbscript|data:text)/.test(bare);
}

/**
 * Whether a narrative is one well-formed XHTML div with the elements and attributes that FHIR allows, and has content.
 *
 * Shape: <div xmlns="http://www.w3.org/1999/xhtml"><p>Anna Example</p></div>
 * Source: FHIR R4 narrative, txt-1 and txt-2
 */
export function checkNarrative(text: string): boolean {
  if (!text.startsWith('<div') && !/^\s*<div/.test(text)) return false;
  const open: string[] = [];
  let at = text.indexOf('<');
  let content = false;
  let namespace = false;
  for (;;) {
    if (text.startsWith('<!--', at)) {
      const end = text.indexOf('-->', at + 4);
      if (end < 0) return false;
      at = end + 3;
    } else {
      const tag = readTag(text, at);
      if (tag === undefined) return false;
      if (open.length === 0) namespace = text.slice(at, tag.end).includes(XHTML);
      if (tag.closes) {
        if (open.pop() !== tag.name) return false;
      } else if (!tag.closed) open.push(tag.name);
      if (tag.name === 'img') content = true;
      at = tag.end;
    }
    if (open.length === 0) return content && namespace && text.slice(at).trim() === '';
    const next = text.indexOf('<', at);
    if (next < 0) return false;
    if (next > at) {
      const between = text.slice(at, next);
      if (ENTITY.test(between)) return false;
      content ||= between.trim() !== '';
    }
    at = next;
  }
}
