import type { RuleCase } from './rule-case.ts';

const XMLNS = 'xmlns="http://www.w3.org/1999/xhtml"';
const told = (div: string) => ({ resourceType: 'Patient', text: { status: 'generated', div } });
const RIGHT = `<div ${XMLNS}><p>Anna &amp; <b>Berta</b></p><br/><img src="#a" alt="x"/><!-- c --></div>`;

const WRONG: readonly [string, string][] = [
  ['no markup', 'Anna'],
  ['no namespace', '<div><p>Anna</p></div>'],
  ['another root', `<p ${XMLNS}>Anna</p>`],
  ['nothing in it', `<div ${XMLNS}> </div>`],
  ['an element left open', `<div ${XMLNS}><p>Anna</div>`],
  ['text after the end', `<div ${XMLNS}>Anna</div>x`],
  ['a script', `<div ${XMLNS}>Anna<script>x</script></div>`],
  ['an event handler', `<div ${XMLNS} onclick="x">Anna</div>`],
  ['a script in an address', `<div ${XMLNS}><a href="javascript:x">Anna</a></div>`],
  ['a script in an address in disguise', `<div ${XMLNS}><a href=" java&#10;script:x">Anna</a></div>`],
  ['an object', `<div ${XMLNS}>Anna<object data="x"/></div>`],
  ['a form', `<div ${XMLNS}><form><p>Anna</p></form></div>`],
  ['an entity that is none', `<div ${XMLNS}>Anna & Berta</div>`],
  ['an attribute without quotes', `<div ${XMLNS}><p id=a>Anna</p></div>`],
  ['a doctype', `<!DOCTYPE div><div ${XMLNS}>Anna</div>`],
  ['a comment left open', `<div ${XMLNS}>Anna<!-- </div>`],
];

/** What narrative may hold. */
export const narrativeCases: readonly RuleCase[] = WRONG.map(([what, div]) => ({
  rule: `narrative with ${what}`,
  right: told(RIGHT),
  wrong: told(div),
  id: 'value-invalid',
  at: 'Patient.text.div',
}));
