/**
 * A place a mapping row names: in a segment, or in the value of a data type.
 *
 * Shape: PID-3.5 is { owner: 'PID', field: 3, component: 5 }; in a data type map CX.4.1 is { owner: 'CX', field: 0, component: 4, subcomponent: 1 }
 */
export interface Place {
  /** The segment or the data type. */
  readonly owner: string;
  /** 0 in a data type, and for a segment alone. */
  readonly field: number;
  /** 0: the first. */
  readonly repetition: number;
  /** 0: the whole field. */
  readonly component: number;
  readonly subcomponent: number;
  /** As it is written. */
  readonly text: string;
}

const FIELD = /^([A-Z][A-Z0-9]{2})-(\d{1,3})(?:\[(\d{1,4})\])?(?:\.(\d{1,3})(?:\.(\d{1,3}))?)?$/;
const COMPONENT = /^([A-Z][A-Z0-9]{1,2})(?:\.(\d{1,3})(?:\.(\d{1,3}))?)?$/;

/** A place as it is written in a mapping file; undefined when it is none. Shape: 'PID-5.1', 'OBX-5[2].1', 'CX.4', 'ORC' */
export function parsePlace(text: string): Place | undefined {
  const field = FIELD.exec(text);
  if (field !== null) {
    const [, owner = '', number, repetition = 0, component = 0, subcomponent = 0] = field;
    return {
      owner,
      field: Number(number),
      repetition: Number(repetition),
      component: Number(component),
      subcomponent: Number(subcomponent),
      text,
    };
  }
  const part = COMPONENT.exec(text);
  if (part === null) return undefined;
  const [, owner = '', component = 0, subcomponent = 0] = part;
  return { owner, field: 0, repetition: 0, component: Number(component), subcomponent: Number(subcomponent), text };
}
