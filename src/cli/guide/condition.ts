import { type Condition, parseCondition } from '../../map/condition.ts';

const PLACE = '[A-Z][A-Z0-9]{1,2}[-.]\\d+(?:\\.\\d+)*';

/**
 * A condition of the guide in the grammar of mapping files; undefined when it says nothing, or cannot be read. The guide's spelling is not
 * uniform: IS, EQUALS and = are one; so are NOT VALUED, IS NOT VALUED and IS EMPTY. `address` is the field of the row, which components of
 * its type (XAD.7) mean.
 *
 * Shape: 'IF PV1-2.1 NOT EQUALS "P"' -> PV1-2.1 != P
 */
export function readGuideCondition(text: string, address: string): Condition | undefined {
  const inSegment = address.includes('-');
  const owner = /^[A-Z0-9]+/.exec(address)?.[0] ?? '';
  const places = text
    .replace(/\bIF\b/gi, ' ')
    .replace(/[“”]/g, '"')
    .replace(/'/g, '"')
    .replace(/\b([A-Z]{2,3}[0-9]?)\.(\d+)/g, (whole, type: string, part: string) =>
      type === owner ? `${owner}${inSegment ? '-' : '.'}${part}` : inSegment ? `${address}.${part}` : whole,
    )
    .replace(/\bHD-(\d)/g, inSegment ? `${address}.$1` : 'HD.$1')
    .replace(/NOT VALUED (?=[A-Z])(?!AND|OR)/g, 'NOT VALUED AND ')
    .replace(/DOES NOT EXIST/g, 'NOT VALUED')
    .replace(/NOT EQUAL TO/g, 'NOT EQUALS')
    .replace(/^\s*(?=NOT VALUED|NOT EQUALS)/, `${address} `)
    .replace(/\b(OR|AND) (?=NOT IN)/g, `$1 ${address} `);
  const rewritten = places
    .replace(new RegExp(`(${PLACE}) AND (${PLACE}) (?:AREA |ARE )?NOT VALUED`, 'g'), 'not $1 and not $2')
    .replace(new RegExp(`(${PLACE}) (AND|OR) (${PLACE}) (?:IS |ARE )?VALUED`, 'g'), '$1 $2 $3')
    .replace(new RegExp(`(${PLACE}) IS VALUED NOT EQUAL (${PLACE})`, 'g'), '$1')
    .replace(new RegExp(`(${PLACE}) VALUED AND NOT ("[^"]*")`, 'g'), '$1 and $1 != $2')
    .replace(new RegExp(`(${PLACE}) (?:IS )?(?:NOT VALUED|EMPTY)`, 'gi'), 'not $1')
    .replace(new RegExp(`(${PLACE}) (?:IS )?VALUED?`, 'gi'), '$1')
    .replace(new RegExp(`(${PLACE}) LENGTH GREATER THAN`, 'g'), 'length($1) >')
    .replace(new RegExp(`(${PLACE}) (?:LST\\.)?COUNT (?:EQUALS|=)`, 'gi'), 'count($1) =')
    .replace(new RegExp(`(${PLACE}) (?:LST\\.)?COUNT ?(?:GREATER THAN|>)`, 'gi'), 'count($1) >')
    .replace(new RegExp(`(${PLACE}) (?:LST\\.)?COUNT=`, 'gi'), 'count($1) = ')
    .replace(/NOT IN \(([^)]*)\)/g, (_, list: string) => `not in ${bars(list)}`)
    .replace(/(?:IS )?IN \(([^)]*)\)/g, (_, list: string) => `in ${bars(list)}`)
    .replace(/IS NOT EQUALS?|NOT EQUALS?|IS NOT (?=")|NOT (?=")/g, '!= ')
    .replace(/\bEQUALS\b|\bIS (?=")/g, '= ')
    .replace(/\bAND\b/g, 'and')
    .replace(/\bOR\b/g, 'or')
    .replace(/^\s*\(([^()]*)$/, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  if (rewritten === '') return undefined;
  const parsed = parseCondition(rewritten);
  return 'condition' in parsed ? parsed.condition : undefined;
}

function bars(list: string): string {
  return list
    .split(',')
    .map((item) => item.trim())
    .join('|');
}
